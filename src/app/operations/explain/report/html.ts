import type { EpochMs } from '../../../../domain/interval.js'
import { offsetAt, type Zone } from '../../../../domain/zone.js'
import type { ExplainedKpi, Explanation, RowExplanation } from '../explanation.js'

/** Rows in one table, for the browser's sake. The JSON has all of them. */
const ROWS_MAX = 5_000

/**
 * Renders an explanation as one self-contained HTML page, to be mailed or archived. Instants are in `zone`. All values
 * from outside are escaped, and the page needs no script.
 */
export const explanationHtml = ({ rows }: Explanation, zone: Zone): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${rows.map(({ row }) => text(row.key)).join(', ')}</title>
<style>${STYLE}</style>
</head>
<body>
${rows.map((row) => rowHtml(row, zone)).join('\n<hr>\n')}
</body>
</html>
`

const rowHtml = (explained: RowExplanation, zone: Zone): string => {
  const { row, tenant, generation, names, foldedThrough, verdict } = explained
  const [from, to] = [row.intervalStart, row.intervalEnd].map((at) => local(Date.parse(at), zone))
  return `<header>
<h1>${text(`${row.family} ${Object.values(names).join(', ')}`)}</h1>
<p>${text(from ?? '')} to ${text(to ?? '')} ${text(zone.name)} · tenant <b>${text(tenant)}</b>, generation <b>${text(generation)}</b>, revision <b>${row.revision}</b> (${text(row.status)}${row.correction === undefined ? '' : `, ${text(row.correction)}`}), raw log through position ${text(foldedThrough ?? 'unknown')}</p>
<p><code>${text(row.key)}</code></p>
<p class="verdict ${verdict.addsUp ? 'good' : 'bad'}">${verdict.addsUp ? 'The contributions add up to the published row.' : 'The contributions do not add up to the published row.'}</p>
${list([...verdict.differences.map(({ figure, statistic, before, after }) => `${figure}.${statistic}: published ${before ?? '-'}, contributions give ${after ?? '-'}`), ...verdict.notes])}
</header>
<section><h2>KPIs</h2>${explained.kpis.map(kpiHtml).join('\n')}</section>
${tables(explained, zone)}`
}

const kpiHtml = (kpi: ExplainedKpi): string => {
  const { name, unit, doc, formula, withValues, value, numerator, denominator, why } = kpi
  const said =
    value === null
      ? `no value: ${why ?? ''}`
      : unit === 'share'
        ? `${(100 * value).toFixed(1)} %`
        : `${Math.round(value * 100) / 100}${unit === 'ms' ? ' ms' : ''}`
  const terms = denominator === null ? '' : ` = ${numerator ?? 0} / ${denominator}`
  return `<article><h3>${text(name)} <b>${text(said)}</b></h3><p>${text(doc)}</p><pre>${text(formula)}
= ${text(withValues)}${value === null ? '' : text(terms)}</pre></article>`
}

const tables = (explained: RowExplanation, zone: Zone): string => {
  const at = (instant: string | null): string => (instant === null ? '' : local(Date.parse(instant), zone))
  const { measures, contributions, notCounted, inForce, history, raw } = explained
  return [
    table(
      'Measures',
      ['metric', 'count', 'sum', 'min', 'max', 'of', 'meaning'],
      measures.map(({ metric, count, sum, min, max, from, doc }) => [
        metric,
        count,
        sum,
        min,
        max,
        from.join(', '),
        doc,
      ]),
    ),
    table(
      'What was counted',
      ['metric', 'at', 'until', 'value', 'conversation or agent', 'position', 'note'],
      contributions.map((one) => [
        ...[one.metric, at(one.at), at(one.until), one.value],
        ...[one.conversationId ?? one.userId ?? '', one.event.position],
        [...(one.isShortAbandon ? ['short abandon'] : []), ...(one.isPending ? ['pending'] : [])].join(', '),
      ]),
    ),
    table(
      'What was not counted',
      ['reason', 'count', 'metric', 'value', 'at', 'conversation', 'position', 'because'],
      notCounted.map((one) => [
        ...[one.reason, one.count, one.metric ?? '', one.value ?? '', at(one.at)],
        ...[one.conversationId ?? '', one.event?.position ?? '', one.detail],
      ]),
      'An event that was delivered again is stored once, and counts once.',
    ),
    table(
      'In force',
      ['what', 'value', 'since', 'position'],
      inForce.map(({ what, value, since, position }) => [what, value, at(since) || 'the beginning', position ?? '']),
    ),
    table(
      'History of the row',
      ['revision', 'status', 'reason', 'position in the KPI log', 'raw log through', 'changes'],
      history.map(({ revision, status, reason, position, foldedThrough, changes }) => [
        ...[revision, status, reason, position, foldedThrough ?? ''],
        changes
          .map(({ figure, statistic, before, after }) => `${figure}.${statistic} ${before ?? '-'} → ${after ?? '-'}`)
          .join(', '),
      ]),
    ),
    ...(raw === undefined
      ? []
      : [
          table(
            'Raw events as they were received',
            ['position', 'stream', 'type', 'received', 'data'],
            raw.map(({ position, stream, type, receivedAt, data }) => [position, stream, type, receivedAt ?? '', data]),
          ),
        ]),
  ].join('\n')
}

const table = (
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  note = '',
): string => {
  const cell = (value: string | number): string =>
    typeof value === 'number' ? `<td class="n">${value}</td>` : `<td>${text(value)}</td>`
  const cut = rows.length > ROWS_MAX ? `<p>… and ${rows.length - ROWS_MAX} more: the JSON has all of them.</p>` : ''
  return `<section><h2>${text(title)} <small>${rows.length}</small></h2>${note === '' ? '' : `<p>${text(note)}</p>`}
<table><thead><tr>${head.map((name) => `<th>${text(name)}</th>`).join('')}</tr></thead><tbody>
${rows
  .slice(0, ROWS_MAX)
  .map((row) => `<tr>${row.map(cell).join('')}</tr>`)
  .join('\n')}
</tbody></table>${cut}</section>`
}

const list = (items: readonly string[]): string =>
  items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${text(item)}</li>`).join('')}</ul>`

const local = (at: EpochMs, zone: Zone): string =>
  new Date(at + offsetAt(zone, at)).toISOString().slice(0, 23).replace('T', ' ').replace('.000', '')

const text = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLE = `
:root{color-scheme:light dark;--line:color-mix(in srgb,CanvasText 15%,transparent);--soft:color-mix(in srgb,CanvasText 6%,transparent)}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;padding:0 1rem;max-width:76rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:1.75rem 0 .5rem}h3{font-size:1rem;margin:1rem 0 .1rem}small{opacity:.7;font-weight:normal}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}pre{background:var(--soft);padding:.5rem .75rem;border-radius:.4rem;white-space:pre-wrap;margin:.25rem 0}
article p{margin:.1rem 0}.verdict{display:inline-block;padding:.4rem .8rem;border-radius:.4rem;color:#fff;font-weight:600}.good{background:#1a7f37}.bad{background:#c62828}
`
