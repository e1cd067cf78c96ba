// What sticks out of its panel on a wall screen, lies upon another thing, or is cut off without an ellipsis.
() => {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const found = [], panels = [...document.querySelectorAll('.panel')], boxes = panels.map((p) => p.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  panels.forEach((panel, i) => {
    for (let j = i + 1; j < panels.length; j += 1)
      if (meet(boxes[i], boxes[j])) found.push(`${panel.dataset.panel} lies upon ${panels[j].dataset.panel}`);
    for (const one of panel.querySelectorAll('*')) {
      if ((one.ownerSVGElement) || one.closest('.hidden-words')) continue;
      const box = one.getBoundingClientRect(), style = getComputedStyle(one);
      if (!box.width || !box.height) continue;
      const out = box.right > boxes[i].right + 1 || box.left < boxes[i].left - 1 || box.bottom > boxes[i].bottom + 1 || box.top < boxes[i].top - 1;
      if (out) found.push(`${panel.dataset.panel}: ${one.className || one.tagName} sticks out`);
      const cut = style.display !== 'inline' && style.textOverflow !== 'ellipsis' && one.clientWidth;
      if (cut && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 0.16 * rem))
        found.push(`${panel.dataset.panel}: ${one.className || one.tagName} is cut off: ${one.textContent.slice(0, 20)}`);
    }
    const texts = [...panel.querySelectorAll('.labels text')].map((t) => t.getBoundingClientRect());
    texts.forEach((a, x) => texts.forEach((b, y) => x < y && a.left < b.right - 3 && b.left < a.right - 3 && a.top < b.bottom - a.height / 3 && b.top < a.bottom - b.height / 3 && found.push('labels lie upon each other')));
  });
  const head = [...document.querySelectorAll('.head > :not(.round-line)')].filter((e) => e.offsetWidth);
  head.forEach((one, i) => {
    const a = one.getBoundingClientRect();
    if (a.right > innerWidth) found.push(`head: ${one.className} sticks out`);
    if (head[i + 1] && a.right > head[i + 1].getBoundingClientRect().left + 1) found.push(`head: ${one.className} lies upon the next`);
  });
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) found.push('it scrolls');
  return [...new Set(found)];
}
