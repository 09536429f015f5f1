import { families, familyNames, type FamilyName } from '../src/domain/family.js'
import { builtInKpis } from '../src/domain/kpi.js'
import { evidenceLevels } from '../src/domain/metric-texts.js'
import {
  metricDoc,
  metricEmitted,
  metricGroup,
  metricEvidence,
  metricNames,
  metricSource,
  metricUnit,
  type MetricGroup,
  type MetricName,
} from '../src/domain/metric.js'
import { namedKpis, statisticsOf } from '../src/domain/named-kpi.js'
import { aliases, notComputed } from '../src/domain/not-computed.js'
import { defaultProfile } from '../src/domain/profile.js'

const all = namedKpis(defaultProfile)

/** The text of docs/kpis.md: all that the catalogue says. */
export const kpisPage = (): string =>
  [
    '# KPIs\n\n<!-- Written by `npx tsx dev/write-kpis.ts` from the catalogue in src/domain: change it there. -->',
    intro(),
    statisticsSection(),
    kpisSection(),
    metricsSection(),
    notComputedSection(),
    namesSection(),
  ].join('\n\n') + '\n'

const intro =
  (): string => `Rows can carry ${all.length.toLocaleString('en')} named KPIs: \`<family>.<metric>.<statistic>\` and \`<family>.<kpi>\`. A profile switches them on without code: \`families\` says which rows there
are, \`quantiles\` which durations carry quantiles, \`kpis\` adds formulas of one's own. \`streamvane kpis list\` and \`streamvane kpis describe <name>\` say the same, for any profile.

Every row can be had for the base interval and for each roll-up, and divided further by direction and message type (\`splitBy\`): the names stay the same.

**Sources** (S1 …, O1, O2) are those of [sources.md](sources.md). **Marks** say how well something is known:

${table(['mark', 'meaning'], Object.entries(evidenceLevels))}

The mark of a metric is that of the weaker of its meaning and the instant of its emission, as far as they are stated.`

const statisticsSection = (): string => `## Statistics

${table(
  ['statistic', 'of', 'unit', 'formula', 'in a row'],
  [
    ['count', 'counts, durations, observations', 'count', '`metric.count`', '`measures.<metric>.count`'],
    ['sum', 'durations, observations, states', 'ms; number', '`metric.sum`', '`measures.<metric>.sum`'],
    [
      'min, max',
      'durations, observations',
      'ms; number',
      '`metric.min`, `metric.max`',
      '`measures.<metric>.min`, `.max`',
    ],
    [
      'avg',
      'durations, observations',
      'ms; number',
      '`metric.sum / metric.count`',
      'its two terms: add them over rows, then divide',
    ],
    [
      'p50, p90, p95, p99',
      'durations that `quantiles` names',
      'ms',
      '`quantile(0.5, metric)` …',
      'read from a [sketch](adr/0007-quantile-sketch.md) that adds up over rows, within 1/128 of the exact nearest rank',
    ],
  ],
)}

Counts and sums may be added over rows, min and max combine as such, quantiles by their buckets. Averages and ratios may not.`

const kpisSection = (): string => `## KPIs by formula

A formula is worked out with every revision of a row. Rows carry numerator and denominator; where the denominator is 0 there is no value. Options are 0 or 1, of the organisation's settings
where they are known and else of the profile. [formulas](adr/0008-formulas.md) says how to write one.

${table(
  ['KPI', 'what', 'unit', 'formula', 'families', 'source', 'mark'],
  builtInKpis.map((kpi) => [
    code(kpi.name),
    kpi.doc,
    kpi.unit,
    code(kpi.formula),
    kpi.families.join(', '),
    kpi.source,
    kpi.mark,
  ]),
)}`

const groups: readonly (readonly [MetricGroup, string, string])[] = [
  [
    'interaction',
    'Metrics of conversations',
    'The 73 that Genesys emits in metric records and conversation details. Each is a point and belongs whole to the interval that holds its instant.',
  ],
  [
    'query-time',
    'Metrics derived from them',
    'Genesys derives these when it is queried; so do rows, anew with every revision.',
  ],
  ['flow', 'Metrics of flows', 'Of flow metric records.'],
  ['state', 'Times in a state', 'Cut at the boundaries of intervals; one row a state.'],
  ['occupancy', 'Times by routing status', 'The same times side by side in one row. The names are ours.'],
]

const metricsSection = (): string =>
  groups
    .map(([group, title, text]) => {
      const names = metricNames.filter((metric) => metricGroup(metric) === group)
      return `## ${title}\n\n${text}\n\n${table(['metric', 'what', 'unit', 'when it is stamped', 'source', 'mark'], names.map(metricLine))}`
    })
    .join('\n\n')

const metricLine = (metric: MetricName): readonly string[] => [
  code(metric),
  metricDoc(metric),
  metricUnit(metric),
  metricEmitted(metric),
  metricSource(metric),
  metricEvidence(metric),
]

const notComputedSection = (): string => `## Not computed

${table(
  ['name', 'what', 'why there is no figure', 'instead', 'source', 'mark'],
  notComputed.map(({ name, doc, why, instead, source, mark }) => [
    code(name),
    doc,
    why,
    instead ?? '–',
    source ?? '–',
    mark,
  ]),
)}

Under another name: ${Object.entries(aliases)
  .map(([name, { leadsTo }]) => `\`${name}\` is \`${leadsTo}\``)
  .join(', ')}.`

const namesSection = (): string => `## All names, by family\n\n${familyNames.map(familyNamesSection).join('\n\n')}`

const familyNamesSection = (family: FamilyName): string => {
  const own = all.filter((one) => one.family === family)
  const kpis = builtInKpis.filter((kpi) => kpi.families.includes(family))
  const lines = families[family].metrics.map((metric) => [
    code(`${family}.${metric}`),
    statisticsOf(metric)
      .map((statistic) => code(`.${statistic}`))
      .join(' '),
    own.find(({ metrics, note }) => note !== null && metrics.includes(metric))?.note ?? '',
  ])
  return `### ${family}: ${own.length}\n\n${families[family].doc}\n\n${
    kpis.length === 0 ? '' : `${kpis.map(({ name }) => code(`${family}.${name}`)).join(' ')}\n\n`
  }${table(['metric', 'statistics', ''], lines)}`
}

const code = (text: string): string => `\`${text}\``

const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
