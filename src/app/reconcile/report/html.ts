import { reasonClasses, reasonTexts, type Difference, type ReasonClass } from '../reasons/finding.js'
import type { ReconcileReport } from './report.js'
import { htmlText } from '../../html-text.js'

/** Rows in the table of differences, for the browser's sake. The JSON report has all of them. */
const ROWS_MAX = 5_000

/**
 * Renders the report as one self-contained HTML page, to be mailed or archived. All values from outside are escaped.
 */
export const reconcileHtml = (report: ReconcileReport): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Reconciliation of ${htmlText(report.tenant)}, generation ${htmlText(report.generation)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Reconciliation with Genesys Cloud</h1>
<p>Tenant <b>${htmlText(report.tenant)}</b>, generation <b>${htmlText(report.generation)}</b>, ${number(report.responses)} ${report.responses === 1 ? 'answer' : 'answers'} of the API. Differences are theirs − ours; times in ms, instants in UTC.</p>
</header>
${tiles(report)}
${totals(report)}
${serviceLevel(report)}
${quarantined(report)}
${differences(report)}
${coverage(report)}
<script>${SCRIPT}</script>
</body>
</html>
`

const tiles = ({ figures, coverage: { groups }, quarantined: rows }: ReconcileReport): string => {
  const tile = (value: string, label: string, kind = ''): string => `<li class="${kind}"><b>${value}</b> ${label}</li>`
  return `<ul class="tiles">
${tile(number(figures.compared), 'figures compared')}
${tile(number(figures.equal), 'equal', 'good')}
${tile(number(figures.tolerated), 'within tolerance')}
${tile(number(figures.different), 'different', figures.different === 0 ? 'good' : 'bad')}
${tile(number(rows.length), 'source rows contradict themselves', rows.length === 0 ? 'good' : 'bad')}
${tile(`${number(groups.compared)} / ${number(groups.theirs)}`, 'groups compared')}
</ul>`
}

const totals = ({ totals: byClass }: ReconcileReport): string => {
  const rows = reasonClasses.flatMap((reason) => {
    const ofClass = byClass[reason]
    if (ofClass === undefined) return []
    const metrics = Object.entries(ofClass.metrics).sort(([a], [b]) => (a < b ? -1 : 1))
    return metrics.map(
      ([metric, total], index) =>
        `<tr>${index === 0 ? `<th rowspan="${metrics.length}" scope="rowgroup">${badge(reason)}<br><small>${htmlText(reasonTexts[reason])}</small></th>` : ''}<td>${htmlText(metric)}</td><td class="n">${number(total.figures)}</td><td class="n">${signed(total.count)}</td><td class="n">${signed(total.sum)}</td></tr>`,
    )
  })
  if (rows.length === 0) return ''
  return `<section><h2>By reason</h2><table><thead><tr><th>reason</th><th>metric</th><th class="n">figures</th><th class="n">count, net</th><th class="n">sum, net</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></section>`
}

const serviceLevel = ({ serviceLevel: { figures, explainedBy } }: ReconcileReport): string => {
  if (figures === 0) return ''
  const rows = explainedBy.map(
    ({ rule, figures: fitting }) =>
      `<tr><td>${htmlText(rule)}</td><td class="n">${number(fitting)} of ${number(figures)}</td></tr>`,
  )
  return `<section><details><summary>What explains their service levels</summary><table><thead><tr><th>options</th><th class="n">service levels explained</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></details></section>`
}

const quarantined = ({ quarantined: rows }: ReconcileReport): string => {
  if (rows.length === 0) return ''
  const lines = rows
    .slice(0, ROWS_MAX)
    .map(
      ({ group, interval, broken }) =>
        `<tr><td>${groupHtml(group)}</td><td>${intervalHtml(interval)}</td><td>${broken.map(({ metric, identity }) => `<b>${htmlText(metric)}</b> ${htmlText(identity)}`).join('<br>')}</td></tr>`,
    )
  return `<section><h2>Source rows that contradict themselves</h2><p>None of their figures was compared.</p><table><thead><tr><th>group</th><th>interval</th><th>what does not hold</th></tr></thead><tbody>${lines.join('\n')}</tbody></table>${cut(rows.length)}</section>`
}

const differences = ({ differences: all }: ReconcileReport): string => {
  if (all.length === 0) return ''
  const present = reasonClasses.filter((reason) => all.some((difference) => difference.class === reason))
  const buttons = present
    .map(
      (reason) =>
        `<button type="button" aria-pressed="true" data-filter="${reason}">${badge(reason)} ${number(all.filter((difference) => difference.class === reason).length)}</button>`,
    )
    .join('\n')
  return `<section><h2>Differences</h2>
<div class="filters">${buttons}<input type="search" id="search" placeholder="group, interval or metric" aria-label="only rows that hold this text"><output id="shown"></output></div>
<table id="differences"><thead><tr><th data-sort="text">reason</th><th data-sort="text">group</th><th data-sort="text">interval</th><th data-sort="text">metric</th><th>statistic</th><th class="n">theirs</th><th class="n">ours</th><th class="n" data-sort="size">difference</th><th>because</th></tr></thead>
<tbody>
${all.slice(0, ROWS_MAX).map(differenceRow).join('\n')}
</tbody></table>${cut(all.length)}</section>`
}

const differenceRow = (difference: Difference): string => {
  const { class: reason, group, interval, metric, qualifier, statistics, because } = difference
  const lines = (of: (one: Difference['statistics'][number]) => string): string => statistics.map(of).join('<br>')
  const size = Math.abs(statistics[0]?.difference ?? 0)
  return `<tr data-class="${reason}" data-size="${size}"><td>${badge(reason)}</td><td>${groupHtml(group)}</td><td>${intervalHtml(interval)}</td><td>${htmlText(metric)}${qualifier === null ? '' : `<br><small>${htmlText(qualifier)}</small>`}</td><td>${lines(({ statistic }) => statistic)}</td><td class="n">${lines(({ theirs }) => number(theirs))}</td><td class="n">${lines(({ ours }) => number(ours))}</td><td class="n">${lines((one) => signed(one.difference))}</td><td>${htmlText(because)}</td></tr>`
}

const coverage = ({ coverage: { groups, withoutRows, uncovered, notCompared, notes } }: ReconcileReport): string => {
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0
      ? ''
      : `<details${items.length <= 12 ? ' open' : ''}><summary>${title}</summary><ul>${items
          .slice(0, ROWS_MAX)
          .map((item) => `<li>${item}</li>`)
          .join('\n')}</ul>${cut(items.length)}</details>`
  return `<section><h2>Coverage</h2><p>${number(groups.compared)} of their ${number(groups.theirs)} groups were compared.</p>
${list(
  'Notes',
  notes.map((value) => htmlText(value)),
)}
${list(
  'Not comparable',
  notCompared.map(
    ({ why, what, times }) =>
      `${htmlText(why)} <small>(${number(times)}: ${htmlText(what)}${times > 1 ? ', …' : ''})</small>`,
  ),
)}
${list('Groups of theirs of which we have no row', withoutRows.map(groupHtml))}
${list(
  'Groups of ours that theirs does not mention',
  uncovered.map(
    ({ group, family, rows }) =>
      `${groupHtml(group)} <small>${number(rows)} ${rows === 1 ? 'row' : 'rows'} of family ${htmlText(family)}</small>`,
  ),
)}
</section>`
}

const badge = (reason: ReasonClass): string =>
  `<span class="badge ${reason}" title="${htmlText(reasonTexts[reason])}">${reason}</span>`

const groupHtml = (group: Readonly<Record<string, string>>): string => {
  const entries = Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0
    ? '<i>all</i>'
    : entries
        .map(([name, value]) => `<span class="dimension"><small>${htmlText(name)}</small> ${htmlText(value)}</span>`)
        .join(' ')
}

const intervalHtml = ({ start, end }: Readonly<{ start: number; end: number }>): string => {
  const [from, to] = [start, end].map((at) => new Date(at).toISOString().slice(0, 16).replace('T', ' ')) as [
    string,
    string,
  ]
  return `<time datetime="${new Date(start).toISOString()}">${from}</time> – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`
}

const cut = (count: number): string =>
  count <= ROWS_MAX ? '' : `<p><b>${number(count - ROWS_MAX)} more</b> are in the JSON report.</p>`

/** Groups thousands, independent of the machine's locale. */
const number = (value: number): string => {
  const [whole = '', fraction] = (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(9)))).split(
    '.',
  )
  const grouped = whole.includes('e') ? whole : whole.replace(/\B(?=(\d{3})+$)/g, '\u202f')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

const signed = (value: number): string => (value === 0 ? '0' : value > 0 ? `+${number(value)}` : `−${number(-value)}`)

/** The page's style, light or dark as the reader's system. */
export const STYLE = `
:root{color-scheme:light dark;--line:#8883;--soft:#8881}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;padding:1.5rem;max-width:1600px}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}header p{margin:0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
thead th{position:sticky;top:0;background:Canvas;white-space:nowrap}th[data-sort]{cursor:pointer}th[data-sort]::after{content:" ↕";opacity:.4}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tbody th{font-weight:normal;max-width:22rem}small{opacity:.75}
td{overflow-wrap:anywhere}#differences{font-size:13px}#differences th,#differences td{padding:.3rem .45rem}#differences td:nth-child(4),#differences td:nth-child(5){white-space:nowrap}
#differences td:nth-child(3){min-width:6.5rem}#differences td:last-child{min-width:17rem}#differences .dimension{display:block;white-space:normal;max-width:none;min-width:9rem}
.tiles{list-style:none;display:flex;flex-wrap:wrap;gap:.75rem;padding:0;margin:1.25rem 0}.tiles li{background:var(--soft);border-radius:.5rem;padding:.6rem 1rem;min-width:7rem}
.tiles b{display:block;font-size:1.4rem;font-variant-numeric:tabular-nums}.tiles .good b{color:#1a7f37}.tiles .bad b{color:#c62828}
.badge{display:inline-block;border-radius:1rem;padding:.05rem .6rem;font-size:.85em;white-space:nowrap;color:#fff;background:#666}
.badge.inconsistent-source-row{background:#7b1fa2}.badge.rule{background:#1565c0}.badge.missing-event{background:#c62828}.badge.extra-event{background:#bf5600}.badge.clock-edge{background:#00695c}.badge.late{background:#5f6368}
.dimension{margin-right:.6rem;display:inline-block}
.filters{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-bottom:.5rem}.filters button{font:inherit;background:var(--soft);border:1px solid var(--line);border-radius:1.2rem;padding:.15rem .7rem .15rem .25rem;cursor:pointer}
.filters button[aria-pressed=false]{opacity:.4}.filters input{font:inherit;padding:.25rem .6rem;min-width:16rem}
summary{cursor:pointer;font-weight:600;margin:.5rem 0}@media print{.filters{display:none}thead th{position:static}}
`

/** Filters by reason and text, and sorts by a column. Without scripts the page shows everything, unfiltered. */
export const SCRIPT = `
const table = document.getElementById('differences')
if (table) {
  const body = table.tBodies[0], rows = [...body.rows], shown = document.getElementById('shown'), search = document.getElementById('search')
  const buttons = [...document.querySelectorAll('[data-filter]')]
  const apply = () => {
    const on = new Set(buttons.filter((button) => button.getAttribute('aria-pressed') === 'true').map((button) => button.dataset.filter))
    const wanted = search.value.trim().toLowerCase()
    let count = 0
    for (const row of rows) {
      row.hidden = !on.has(row.dataset.class) || (wanted !== '' && !row.textContent.toLowerCase().includes(wanted))
      if (!row.hidden) count++
    }
    shown.textContent = count + ' of ' + rows.length + ' shown'
  }
  for (const button of buttons)
    button.addEventListener('click', () => {
      button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'))
      apply()
    })
  search.addEventListener('input', apply)
  let last, up = false
  table.tHead.addEventListener('click', (event) => {
    const head = event.target.closest('th[data-sort]')
    if (!head) return
    up = head === last ? !up : head.dataset.sort === 'text'
    last = head
    const key = head.dataset.sort === 'size' ? (row) => Number(row.dataset.size) : (row) => row.cells[head.cellIndex].textContent
    rows.sort((a, b) => { const x = key(a), y = key(b); return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1) })
    body.append(...rows)
  })
  apply()
}
`
