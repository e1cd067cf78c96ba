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
      const cut = style.display !== 'inline' && (style.textOverflow !== 'ellipsis' || /flex|grid/.test(style.display)) && one.clientWidth;
      if (cut && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 0.16 * rem))
        found.push(`${panel.dataset.panel}: ${one.className || one.tagName} is cut off: ${one.textContent.slice(0, 20)}`);
    }
    for (const title of panel.querySelectorAll('h2:not(.hidden-words), .step .name, .must-not-wait .name'))
      if (title.scrollWidth > title.clientWidth + 1) found.push(`${panel.dataset.panel}: ${title.textContent} is shortened`);
    for (const step of panel.querySelectorAll('.step')) { // between its points
      const box = step.getBoundingClientRect(), cut = parseFloat(getComputedStyle(step).getPropertyValue('--cut')) * rem;
      const left = step.previousElementSibling ? box.left + cut : box.left, right = step.nextElementSibling ? box.right - cut : box.right;
      const all = document.createRange();
      for (const one of step.children) {
        all.selectNodeContents(one);
        const words = all.getBoundingClientRect();
        if (words.width && (words.left < left - 1 || words.right > right + 1)) found.push(`flow: ${one.textContent} is cut by the point`);
      }
      [...step.children].forEach((a, x) => [...step.children].forEach((b, y) => x < y && a.offsetWidth && b.offsetWidth && meet(a.getBoundingClientRect(), b.getBoundingClientRect()) && found.push(`flow: ${a.textContent} lies upon ${b.textContent}`)));
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
