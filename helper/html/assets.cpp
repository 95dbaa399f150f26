#include "html/assets.h"

namespace airlift::html {

const char* const kStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #5b6876; --line: #dde2e8; --code: #eef1f5;
  --good: #0b7a4b; --bad: #b3261e; --warn: #9a5b00; --info: #1f5fa8; --mute: #6b7680;
  --c0: #2f6fb2; --c1: #e08a1e; --c2: #3a9d78; --c3: #a05fb4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f151c; --card: #18212b; --ink: #e6ebf0; --soft: #9aa7b4; --line: #2b3743; --code: #111920;
    --good: #4cc38a; --bad: #ff7b72; --warn: #e3a64a; --info: #6cb0f5; --mute: #8b98a5;
    --c0: #5b9bdf; --c1: #eda94f; --c2: #57bf97; --c3: #bf86d3;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 40px; line-height: 1.12; margin: 2px 0 8px; letter-spacing: -0.02em; text-wrap: balance; }
h2 { font-size: 20px; margin: 0 0 12px; letter-spacing: -0.01em; }
h3 { font-size: 15px; margin: 20px 0 6px; }
p { margin: 6px 0; max-width: 80ch; }
ul { margin: 6px 0 10px; padding-left: 20px; }
li { margin: 2px 0; max-width: 90ch; overflow-wrap: anywhere; }
section, .headline { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px; margin: 0 0 18px; }
.headline { border-left: 8px solid var(--info); padding: 26px 28px; }
.headline.good { border-left-color: var(--good); } .headline.good h1 { color: var(--good); }
.headline.bad { border-left-color: var(--bad); } .headline.bad h1 { color: var(--bad); }
.headline.warn { border-left-color: var(--warn); } .headline.warn h1 { color: var(--warn); }
.eyebrow { color: var(--soft); font-size: 13px; text-transform: uppercase; letter-spacing: 0.06em; margin: 0; }
.sentence { font-size: 18px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px 24px; margin: 20px 0 0; }
.facts dt { color: var(--soft); font-size: 12.5px; }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
td, dd, code, pre, li { unicode-bidi: isolate; }
code { overflow-wrap: anywhere; white-space: pre-wrap; }
.code { position: relative; margin: 6px 0; }
.code pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: 9px 12px; margin: 0; overflow-x: auto; }
.code .label { color: var(--soft); font-size: 12px; }
.code button { position: absolute; right: 6px; top: 6px; opacity: 0.85; }
.code .label + pre + button { top: 25px; }
button, input { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 3px 9px; }
button { cursor: pointer; }
button:focus-visible, input:focus-visible { outline: 2px solid var(--info); outline-offset: 1px; }
.tools { display: flex; align-items: center; gap: 10px; margin: 0 0 8px; color: var(--soft); font-size: 13px; }
.tools { flex-wrap: wrap; }
.tools input { width: 260px; max-width: 60%; }
.tools button[aria-pressed=true] { background: var(--ink); color: var(--card); border-color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--info); }
th[aria-sort=ascending] button::after { content: " \2191"; } th[aria-sort=descending] button::after { content: " \2193"; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
td { overflow-wrap: break-word; }
.t { white-space: pre-line; }
td code { display: inline-block; min-width: 110px; overflow-wrap: anywhere; }
td.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } th.num { text-align: right; }
td.wide { min-width: 300px; }
#findings td:nth-child(2) code, #summary td:nth-child(2) code { white-space: nowrap; overflow-wrap: normal; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; border: 1px solid currentColor; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.good.badge { color: var(--good); } .bad.badge { color: var(--bad); } .warn.badge { color: var(--warn); }
.info.badge { color: var(--info); } .mute.badge { color: var(--mute); }
svg.bar { display: block; width: 100%; min-width: 110px; height: 9px; margin-top: 5px; border-radius: 3px; }
.track { fill: var(--line); opacity: 0.55; }
rect.c0 { fill: var(--c0); } rect.c1 { fill: var(--c1); } rect.c2 { fill: var(--c2); } rect.c3 { fill: var(--c3); }
i.c0 { background: var(--c0); } i.c1 { background: var(--c1); } i.c2 { background: var(--c2); } i.c3 { background: var(--c3); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
footer { color: var(--soft); font-size: 13px; padding: 0 4px; }
[hidden] { display: none !important; }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --code: #f4f4f4;
    --good: #0b7a4b; --bad: #b3261e; --warn: #8a5200; --info: #1f5fa8; }
  body { font-size: 11px; } h1 { font-size: 26px; }
  main { max-width: none; padding: 0; }
  .tools, .code button { display: none; }
  section { break-inside: auto; border: 0; border-top: 1px solid #bbb; border-radius: 0; padding: 10px 0; }
  tr, .code { break-inside: avoid; } thead { display: table-header-group; }
  .scroll, .code pre { overflow: visible; white-space: pre-wrap; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

const char* const kScript = R"js(
(() => {
  'use strict';
  const make = (tag, text) => { const e = document.createElement(tag); e.textContent = text; return e; };
  const valueOf = cell => cell.dataset.v !== undefined ? Number(cell.dataset.v) : cell.textContent.trim();
  const compare = (a, b) => typeof a === 'number' && typeof b === 'number' ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });

  for (const table of document.querySelectorAll('table.data')) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (rows[0].cells[column].classList.contains('num')) head.classList.add('num');
      const button = make('button', head.textContent);
      button.type = 'button';
      button.addEventListener('click', () => {
        const falls = head.getAttribute('aria-sort') === 'ascending';
        heads.forEach(each => each.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
        const keyed = [...body.rows].map(row => [valueOf(row.cells[column]), row]);
        keyed.sort((a, b) => falls ? compare(b[0], a[0]) : compare(a[0], b[0]));
        body.append(...keyed.map(pair => pair[1]));
      });
      head.replaceChildren(button);
    });
    if (rows.length < 8) continue;
    const texts = rows.map(row => row.textContent.toLowerCase());
    const input = document.createElement('input');
    input.type = 'search';
    input.placeholder = 'Filter rows';
    input.setAttribute('aria-label', 'Filter rows of ' + table.id);
    const count = make('span', rows.length + ' rows');
    const kinds = rows.map(row => row.cells[0].querySelector('.badge')?.textContent);
    const wanted = new Set();
    const filter = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every(word => texts[i].includes(word)) || (wanted.size > 0 && !wanted.has(kinds[i]));
        if (!row.hidden) ++shown;
      });
      count.textContent = shown < rows.length ? shown + ' of ' + rows.length + ' rows' : rows.length + ' rows';
    };
    input.addEventListener('input', filter);
    const tools = document.createElement('div');
    tools.className = 'tools';
    tools.append(input);
    const choices = [...new Set(kinds)].filter(Boolean);
    for (const kind of choices.length > 1 ? choices : []) {
      const button = make('button', kind + ' ' + kinds.filter(each => each === kind).length);
      button.type = 'button';
      button.setAttribute('aria-pressed', 'false');
      button.addEventListener('click', () => {
        const pressed = !wanted.delete(kind);
        if (pressed) wanted.add(kind);
        button.setAttribute('aria-pressed', String(pressed));
        filter();
      });
      tools.append(button);
    }
    tools.append(count);
    table.parentNode.before(tools);
  }

  const copy = async text => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = make('textarea', text);
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };
  for (const code of document.querySelectorAll('.code')) {
    const button = make('button', 'Copy');
    button.type = 'button';
    button.addEventListener('click', () => copy(code.querySelector('pre').textContent.trim()).then(
      () => { button.textContent = 'Copied'; setTimeout(() => { button.textContent = 'Copy'; }, 1500); },
      () => { button.textContent = 'Not allowed'; }));
    code.append(button);
  }
})();
)js";

}  // namespace airlift::html
