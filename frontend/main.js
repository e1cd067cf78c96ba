// Everything every page needs. Pages work without it; it saves them from loading whole.
import "@tabler/core/dist/css/tabler.min.css";
import "@fontsource/barlow-semi-condensed/latin-500.css";
import "@fontsource/barlow-semi-condensed/latin-600.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/work.css";
import "./styles/detail.css";
import "./styles/figures.css";
import "./styles/imports.css";
import "./styles/registry.css";
import "./styles/care.css";
import "./styles/live.css";
import "./styles/papers.css";
import "./styles/warnings.css";
import "./styles/duty.css";
import "./styles/desk.css";
import htmx from "htmx.org";
import { watchAbove } from "./above.js";
import { watchForms } from "./forms.js";
import { watchKeptWords } from "./kept-words.js";
import { watchPhotos } from "./photos.js";
import { watchMenus } from "./menus.js";
import { watchLive } from "./live.js";
import { watchCases } from "./case.js";
import { watchWarnings } from "./warnings.js";
import { watchScrollers } from "./scrollers.js";
import { watchDesk } from "./desk/index.js";

// The content security policy forbids inline styles of htmx and eval.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.historyCacheSize = 0; // pages with people's names are not kept in the browser's storage
htmx.config.selfRequestsOnly = true;
htmx.config.defaultSettleDelay = 0; // a form that can be seen must be bound: Enter in the 20 ms between left the page
// A refused form (422), a lost race (409) and the limit of a day (429) come back as HTML with the words: show them in place.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "(409|422|429)", swap: true, error: false },
  { code: "...", swap: false, error: true },
];

window.htmx = htmx;
watchAbove();
watchMenus();
watchScrollers();
watchForms();
watchPhotos();
watchWarnings();
watchLive();
watchCases();
watchDesk();
watchKeptWords();
