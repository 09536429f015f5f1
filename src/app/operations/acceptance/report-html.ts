import { STYLE } from '../../reconcile/report/html.js'
import type { AcceptanceReport, JudgedGroup } from './evaluate.js'
import { failureText, groupText } from './report-text.js'
import { htmlText } from '../../html-text.js'

/** Intervals in the table of those that did not hold, for the browser's sake. The JSON report has all. */
const ROWS_MAX = 5_000

/** The report as one self-contained page, to be mailed or archived. All values from outside are escaped. */
export const acceptanceHtml = (report: AcceptanceReport): string => {
  const { contract, version, tenant, range, counts, share, holds, groups } = report
  const bad = groups.flatMap((group) =>
    group.intervals.filter(({ verdict }) => verdict !== 'held').map((interval) => ({ group, interval })),
  )
  const rows = bad
    .slice(0, ROWS_MAX)
    .map(
      ({ group, interval }) =>
        `<tr><td>${htmlText(groupText(group.group))}</td><td>${htmlText(interval.start)}</td><td>${htmlText(interval.verdict.replace('-', ' '))}</td><td>${interval.failures.map((each) => htmlText(failureText(each))).join('<br>')}</td></tr>`,
    )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Acceptance of ${htmlText(contract.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${htmlText(contract.title ?? contract.name)}: ${holds ? 'held' : 'not held'}</h1>
<p>Contract <b>${htmlText(contract.name)}</b>, version ${version}, tenant <b>${htmlText(tenant)}</b>; ${htmlText(range.from)} to ${htmlText(range.to)}, intervals of ${htmlText(contract.granularity)}. ${share === null ? 'No interval was judged.' : `${share.toFixed(2)} % of the intervals held, ${contract.minimumShare} % must.`}</p>
</header>
<ul class="tiles">
<li class="good"><b>${counts.held}</b> held</li>
<li class="${counts.failed === 0 ? 'good' : 'bad'}"><b>${counts.failed}</b> failed</li>
<li><b>${counts['not-reconciled']}</b> not reconciled</li>
<li><b>${counts.contradictory}</b> contradictory at Genesys</li>
</ul>
<section><h2>Signatures</h2><p>${signatures(report)}</p></section>
<section><h2>What is allowed</h2><p>${htmlText(allowed(report))}</p></section>
<section><h2>By group</h2><table><thead><tr><th>group</th><th class="n">held</th><th class="n">failed</th><th class="n">not reconciled</th></tr></thead><tbody>${groups.map(groupRow).join('\n')}</tbody></table></section>
${rows.length === 0 ? '' : `<section><h2>Intervals that did not hold</h2><table><thead><tr><th>group</th><th>interval</th><th>verdict</th><th>values</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>${bad.length > ROWS_MAX ? `<p>${bad.length - ROWS_MAX} more: the JSON report has all.</p>` : ''}</section>`}
</body>
</html>
`
}

const signatures = ({ signatures: said, unsigned }: AcceptanceReport): string =>
  [
    ...said.map(({ by, at, why }) => `signed by ${by} on ${at}${why === undefined ? '' : `: ${why}`}`),
    ...unsigned.map((name) => `not signed by ${name}`),
  ]
    .map((value) => htmlText(value))
    .join('<br>') || 'nobody has signed it'

const allowed = ({ contract: { tolerances, kpis } }: AcceptanceReport): string =>
  [...tolerances, ...Object.entries(kpis).map(([name, limit]) => `${name} ${limit}`)].join('; ') || 'no difference'

const groupRow = ({ group, counts }: JudgedGroup): string =>
  `<tr><td>${htmlText(groupText(group))}</td><td class="n">${counts.held}</td><td class="n">${counts.failed}</td><td class="n">${counts['not-reconciled'] + counts.contradictory}</td></tr>`
