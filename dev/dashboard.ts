import { catalogue, type MetricId } from '../src/telemetry/catalogue.js'

/** How values are read in Grafana. */
type Unit = 'none' | 's' | 'bytes' | 'eps' | 'percentunit'
type Step = Readonly<{ above: number; colour: 'green' | 'orange' | 'red' }>
type Query = Readonly<{ expr: string; legend: string }>
type Panel = Readonly<{
  title: string
  description: string
  kind: 'stat' | 'timeseries'
  unit: Unit
  queries: readonly Query[]
  /** Colours from a value on; the first holds from the beginning. */
  steps?: readonly Step[]
  /** What single values are called. */
  words?: Readonly<Record<string, string>>
}>

const WHERE = 'tenant=~"$tenant", job=~"$job", instance=~"$instance"'
const series = (id: MetricId, labels = '', suffix = ''): string =>
  `${catalogue[id].name}${suffix}{${labels === '' ? WHERE : `${labels}, ${WHERE}`}}`
const rate = (id: MetricId, by: string, labels = ''): string =>
  `sum by (${by}) (rate(${series(id, labels)}[$__rate_interval]))`
const most = (id: MetricId, by: string, labels = ''): string => `max by (${by}) (${series(id, labels)})`
const quantile = (q: number, id: MetricId, by = ''): string =>
  `histogram_quantile(${q}, sum by (${by === '' ? 'le' : `le, ${by}`}) (rate(${series(id, '', '_bucket')}[$__rate_interval])))`

const good: readonly Step[] = [
  { above: -Infinity, colour: 'red' },
  { above: 1, colour: 'green' },
]
const limits = (orange: number, red: number): readonly Step[] => [
  { above: -Infinity, colour: 'green' },
  { above: orange, colour: 'orange' },
  { above: red, colour: 'red' },
]
const describedBy = (...ids: readonly MetricId[]): string => ids.map((id) => catalogue[id].help).join(' ')
const yesNo = { 0: 'no', 1: 'yes' }

const stat = (title: string, unit: Unit, id: MetricId, expr: string, more: Partial<Panel> = {}): Panel => ({
  ...{ title, unit, kind: 'stat', description: describedBy(id), queries: [{ expr, legend: title }] },
  ...more,
})
const lines = (
  title: string,
  unit: Unit,
  ids: readonly MetricId[],
  queries: readonly Query[],
  steps?: readonly Step[],
): Panel => ({
  ...{ title, unit, kind: 'timeseries', description: describedBy(...ids), queries },
  ...(steps !== undefined && { steps }),
})

const rooms: readonly Readonly<{ title: string; panels: readonly Panel[] }>[] = [
  {
    title: 'Can the numbers be trusted now?',
    panels: [
      stat('Ready', 'none', 'ready', `min(${series('ready')})`, { steps: good, words: yesNo }),
      stat('Event time behind', 's', 'frontierAge', `max(${series('frontierAge')})`, { steps: limits(60, 300) }),
      stat('Stages in trouble', 'none', 'stageTrouble', `sum(${series('stageTrouble')})`, { steps: limits(1, 1) }),
      stat('Alarms', 'none', 'stageAlarm', `sum(${series('stageAlarm')})`, { steps: limits(1, 5) }),
      stat('Largest lag', 's', 'stageLagSeconds', `max(${series('stageLagSeconds')})`, { steps: limits(60, 300) }),
      stat('Dead letters, 1 h', 'none', 'deadLetters', `sum(increase(${series('deadLetters')}[1h]))`, {
        steps: limits(1, 100),
      }),
    ],
  },
  {
    title: 'Flow',
    panels: [
      lines('Events by outcome', 'eps', ['events'], [{ expr: rate('events', 'outcome'), legend: '{{outcome}}' }]),
      lines(
        'Events by group of topics',
        'eps',
        ['events'],
        [{ expr: rate('events', 'surface'), legend: '{{surface}}' }],
      ),
      lines(
        'Folded events',
        'eps',
        ['foldedEvents'],
        [{ expr: rate('foldedEvents', 'stage, instance'), legend: '{{stage}} {{instance}}' }],
      ),
      lines('Dead letters', 'eps', ['deadLetters'], [{ expr: rate('deadLetters', 'reason'), legend: '{{reason}}' }]),
      lines(
        'Append to the log',
        's',
        ['appendDuration'],
        [
          { expr: quantile(0.5, 'appendDuration', 'part'), legend: '{{part}} median' },
          { expr: quantile(0.99, 'appendDuration', 'part'), legend: '{{part}} p99' },
        ],
      ),
      lines(
        'Fold of a batch',
        's',
        ['foldDuration'],
        [
          { expr: quantile(0.5, 'foldDuration', 'stage'), legend: '{{stage}} median' },
          { expr: quantile(0.99, 'foldDuration', 'stage'), legend: '{{stage}} p99' },
        ],
      ),
    ],
  },
  {
    title: 'Lag',
    panels: [
      lines(
        'Lag of stages',
        's',
        ['stageLagSeconds'],
        [{ expr: most('stageLagSeconds', 'instance, stage'), legend: '{{stage}} {{instance}}' }],
        limits(60, 300),
      ),
      lines(
        'Lag of stages in events',
        'none',
        ['stageLagEvents'],
        [{ expr: most('stageLagEvents', 'instance, stage'), legend: '{{stage}} {{instance}}' }],
      ),
      lines(
        'Waiting at sources',
        's',
        ['sourceLagSeconds'],
        [{ expr: most('sourceLagSeconds', 'source'), legend: '{{source}}' }],
      ),
      lines(
        'Frontier age',
        's',
        ['frontierAge'],
        [{ expr: most('frontierAge', 'instance'), legend: '{{instance}}' }],
        limits(60, 300),
      ),
    ],
  },
  {
    title: 'Figures',
    panels: [
      lines('Rows by family', 'eps', ['rows'], [{ expr: rate('rows', 'family'), legend: '{{family}}' }]),
      lines('Rows by status', 'eps', ['rows'], [{ expr: rate('rows', 'status'), legend: '{{status}}' }]),
      lines(
        'Corrections by reason',
        'eps',
        ['corrections'],
        [{ expr: rate('corrections', 'reason'), legend: '{{reason}}' }],
      ),
      lines(
        'Open intervals',
        'none',
        ['openIntervals'],
        [{ expr: most('openIntervals', 'instance'), legend: '{{instance}}' }],
      ),
    ],
  },
  {
    title: 'Sinks',
    panels: [
      lines(
        'Published records',
        'eps',
        ['publishedRecords'],
        [{ expr: rate('publishedRecords', 'sink'), legend: '{{sink}}' }],
      ),
      lines(
        'Latency of a write',
        's',
        ['publishDuration'],
        [
          { expr: quantile(0.5, 'publishDuration', 'sink'), legend: '{{sink}} median' },
          { expr: quantile(0.99, 'publishDuration', 'sink'), legend: '{{sink}} p99' },
        ],
      ),
      lines(
        'Transactions',
        'eps',
        ['transactions'],
        [{ expr: rate('transactions', 'sink, outcome'), legend: '{{sink}} {{outcome}}' }],
      ),
      lines(
        'Failures',
        'eps',
        ['sinkFailures'],
        [{ expr: rate('sinkFailures', 'sink, reason'), legend: '{{sink}} {{reason}}' }],
      ),
      lines(
        'Broker and registry',
        'none',
        ['brokerUp', 'registryUp'],
        [
          { expr: `min by (sink) (${series('brokerUp')})`, legend: '{{sink}} broker' },
          { expr: `min by (sink) (${series('registryUp')})`, legend: '{{sink}} registry' },
        ],
      ),
      lines(
        'Hanging transactions',
        'none',
        ['hangingTransactions'],
        [{ expr: most('hangingTransactions', 'sink'), legend: '{{sink}}' }],
      ),
    ],
  },
  {
    title: 'Resources',
    panels: [
      lines('CPU in cores', 'none', ['cpu'], [{ expr: rate('cpu', 'instance'), legend: '{{instance}}' }]),
      lines(
        'Memory',
        'bytes',
        ['residentMemory', 'heapUsed'],
        [
          { expr: most('residentMemory', 'instance'), legend: '{{instance}} resident' },
          { expr: most('heapUsed', 'instance'), legend: '{{instance}} heap' },
        ],
      ),
      lines('Event loop delay', 's', ['eventLoopDelay'], [{ expr: quantile(0.99, 'eventLoopDelay'), legend: 'p99' }]),
      lines('Data folder by part', 'bytes', ['diskUsed'], [{ expr: most('diskUsed', 'part'), legend: '{{part}}' }]),
      lines(
        'Free share of the disk',
        'percentunit',
        ['diskFree', 'diskSize'],
        [{ expr: `min by (instance) (${series('diskFree')} / ${series('diskSize')})`, legend: '{{instance}}' }],
      ),
      lines(
        'Certificates: time left',
        's',
        ['certificateExpiry'],
        [
          {
            expr: `min by (instance, endpoint) (${series('certificateExpiry')}) - time()`,
            legend: '{{instance}} {{endpoint}}',
          },
        ],
      ),
      lines(
        'Version',
        'none',
        ['build'],
        [{ expr: `max by (version, instance) (${series('build')})`, legend: '{{version}} {{instance}}' }],
      ),
    ],
  },
]

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const COLUMNS = 24

const rendered = (panel: Panel, id: number, at: Readonly<{ x: number; y: number; w: number; h: number }>): object => ({
  ...{ id, type: panel.kind, title: panel.title, description: panel.description, datasource: DATASOURCE, gridPos: at },
  fieldConfig: {
    defaults: {
      unit: panel.unit,
      thresholds: {
        mode: 'absolute',
        steps: (panel.steps ?? [{ above: -Infinity, colour: 'green' }]).map(({ above, colour }) => ({
          color: colour,
          value: above === -Infinity ? null : above,
        })),
      },
      mappings: Object.entries(panel.words ?? {}).map(([value, text]) => ({
        ...{ type: 'value', options: { [value]: { text } } },
      })),
      ...(panel.kind === 'timeseries' && {
        custom: { thresholdsStyle: { mode: panel.steps === undefined ? 'off' : 'line' }, fillOpacity: 10 },
      }),
    },
    overrides: [],
  },
  targets: panel.queries.map(({ expr, legend }, index) => ({
    ...{ refId: String.fromCharCode(65 + index), datasource: DATASOURCE, expr, legendFormat: legend },
    ...(panel.kind === 'stat' && { instant: true }),
  })),
  ...(panel.kind === 'timeseries' && {
    options: { legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] } },
  }),
})

/** A variable whose values are those of a label. A series without the label passes `.*`. */
const variable = (name: string): object => ({
  ...{ name, type: 'query', datasource: DATASOURCE, includeAll: true, allValue: '.*', multi: true, refresh: 2 },
  ...{ query: { query: `label_values(${catalogue.build.name}, ${name})`, refId: name }, sort: 1 },
  current: { selected: true, text: 'All', value: '$__all' },
})

/** The Grafana dashboard, made of the catalogue of metrics: a panel for what is not in it does not compile. */
export const dashboard = (): object => {
  const panels: object[] = []
  let y = 0
  let id = 1
  for (const { title, panels: of } of rooms) {
    panels.push({
      id: id++,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 },
      panels: [],
    })
    let x = 0
    let height = 0
    for (const panel of of) {
      const [w, h] = panel.kind === 'stat' ? [4, 4] : [8, 8]
      if (x + w > COLUMNS) [x, y] = [0, y + height]
      panels.push(rendered(panel, id++, { x, y, w, h }))
      x += w
      height = h
    }
    y += height
  }
  return {
    ...{ uid: 'streamvane', title: 'Streamvane', tags: ['streamvane'], schemaVersion: 39, version: 1, editable: true },
    ...{ time: { from: 'now-6h', to: 'now' }, refresh: '30s', timezone: 'browser', graphTooltip: 1 },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
        ...['tenant', 'job', 'instance'].map(variable),
      ],
    },
    panels,
  }
}

export const dashboardText = (): string => `${JSON.stringify(dashboard(), null, 2)}\n`
