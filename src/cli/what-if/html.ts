import { becauseTexts } from '../../app/operations/what-if/because.js'
import type { FamilyTotal, RatedChange } from '../../app/operations/what-if/row-diff.js'
import type { WhatIf } from '../../app/operations/what-if/what-if.js'
import { SCRIPT, STYLE } from '../../app/reconcile/report/html.js'
import type { Zone } from '../../domain/zone.js'
import { countText, minuteText } from '../command/figures.js'
import { changedValues, rangeText, ratioText, rowText, supposedLines } from './text.js'
import { htmlText } from '../../app/html-text.js'

/** Rows in a table, for the browser's sake. The JSON answer has all of them. */
const ROWS_MAX = 5_000

/**
 * Renders the answer as one self-contained HTML page, to be mailed or archived. All values from outside are escaped.
 */
export const whatIfHtml = (answer: WhatIf, zone: Zone): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>What if: ${htmlText(answer.tenant)}, generation ${htmlText(answer.generation)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>What if</h1>
<p>Tenant <b>${htmlText(answer.tenant)}</b>, generation <b>${htmlText(answer.generation)}</b>, intervals that start from ${htmlText(rangeText(answer, zone))} (${htmlText(zone.name)}). Computed from the raw log through position ${String(answer.through)}; nothing was written.</p>
<ul>${supposedLines(answer)
  .map((line) => `<li><code>${htmlText(line)}</code></li>`)
  .join('\n')}</ul>
</header>
${tiles(answer)}
${answer.totals.map((total) => totalTable(answer, total)).join('\n')}
${changesTable(answer, zone)}
${notDueToIt(answer, zone)}
${answer.hints.length === 0 ? '' : `<section><h2>Notes</h2><ul>${answer.hints.map((hint) => `<li>${htmlText(hint)}</li>`).join('\n')}</ul></section>`}
<script>${SCRIPT}</script>
</body>
</html>
`

const tiles = ({ totals, notDueToIt: others }: WhatIf): string => {
  const sum = (kind: keyof FamilyTotal['rows']): number => totals.reduce((all, { rows }) => all + rows[kind], 0)
  const tile = (value: number, label: string, kind = ''): string =>
    `<li class="${kind}"><b>${countText(value)}</b> ${label}</li>`
  return `<ul class="tiles">
${tile(sum('changed'), 'rows changed')}
${tile(sum('added'), 'rows added')}
${tile(sum('removed'), 'rows removed')}
${tile(sum('same'), 'rows the same')}
${tile(others.length, 'rows published otherwise already', others.length === 0 ? 'good' : 'bad')}
</ul>`
}

const totalTable = ({ definitions }: WhatIf, { family, granularity, overlaps, kpis }: FamilyTotal): string => {
  const shown = kpis.filter(({ rows }) => rows > 0)
  if (shown.length === 0) return ''
  const lines = shown.map(({ name, old, new: now, rows }) => {
    const unit = definitions.get(name)?.unit ?? 'number'
    return `<tr><td>${htmlText(name)}</td><td class="n">${ratioText(old, unit)}</td><td class="n">${ratioText(now, unit)}</td><td class="n">${countText(rows)}</td></tr>`
  })
  return `<section><h2>${htmlText(family)} ${granularity}</h2><table><thead><tr><th>KPI over all rows</th><th class="n">old</th><th class="n">new</th><th class="n">rows changed</th></tr></thead><tbody>${lines.join('\n')}</tbody></table>${overlaps ? '<p>A contact can count in several of these rows.</p>' : ''}</section>`
}

/** The largest effect first; filters by kind and text as the page of `reconcile` does, with its script. */
const changesTable = (answer: WhatIf, zone: Zone): string => {
  const { changes } = answer
  if (changes.length === 0) return '<section><p>Nothing changes.</p></section>'
  const kinds = (['changed', 'added', 'removed'] as const).filter((kind) => changes.some((each) => each.kind === kind))
  const buttons = kinds.map(
    (kind) =>
      `<button type="button" aria-pressed="true" data-filter="${kind}"><span class="badge">${kind}</span> ${countText(changes.filter((each) => each.kind === kind).length)}</button>`,
  )
  return `<section><h2>Changes</h2>
<p>The effect is how many contacts (of time: minutes) have another answer.</p>
<div class="filters">${buttons.join('\n')}<input type="search" id="search" placeholder="row, interval or KPI" aria-label="only rows that hold this text"><output id="shown"></output></div>
<table id="differences"><thead><tr><th class="n" data-sort="size">effect</th><th data-sort="text">kind</th><th data-sort="text">interval</th><th data-sort="text">row</th><th>what</th><th class="n">old</th><th class="n">new</th></tr></thead>
<tbody>
${changes
  .slice(0, ROWS_MAX)
  .map((change) => changeRow(answer, change, zone, change.because === null ? '' : becauseTexts[change.because]))
  .join('\n')}
</tbody></table>${cut(changes.length)}</section>`
}

const notDueToIt = (answer: WhatIf, zone: Zone): string => {
  const { notDueToIt: changes } = answer
  if (changes.length === 0) return ''
  return `<section><h2>Not due to it</h2>
<p>These rows were published (old) otherwise than the rules in force give them now (new): a setting became known after they were counted, an event came too late, or something was erased. The changes above begin from the new value.</p>
<table><thead><tr><th class="n">effect</th><th>kind</th><th>interval</th><th>row</th><th>what</th><th class="n">old</th><th class="n">new</th></tr></thead>
<tbody>
${changes
  .slice(0, ROWS_MAX)
  .map((change) => changeRow(answer, change, zone, ''))
  .join('\n')}
</tbody></table>${cut(changes.length)}</section>`
}

const changeRow = (answer: WhatIf, change: RatedChange, zone: Zone, because: string): string => {
  const { kind, effect, row } = change
  const values = changedValues(answer, change)
  const lines = (place: 0 | 1 | 2): string => values.map((value) => htmlText(value[place])).join('<br>')
  return `<tr data-class="${kind}" data-size="${effect}"><td class="n">${countText(Math.round(effect * 10) / 10)}</td><td>${kind}${because === '' ? '' : `<br><small>${htmlText(because)}</small>`}</td><td>${htmlText(minuteText(row.start, zone))} ${row.granularity}</td><td>${htmlText(rowText(answer, row))}</td><td>${lines(0)}</td><td class="n">${lines(1)}</td><td class="n">${lines(2)}</td></tr>`
}

const cut = (count: number): string =>
  count <= ROWS_MAX ? '' : `<p><b>${countText(count - ROWS_MAX)} more</b> are in the JSON answer.</p>`
