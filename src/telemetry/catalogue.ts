import { familyNames } from '../domain/family.js'

/**
 * A label. `values`: all that it can have; what is none of them becomes `other`, if that is listed. `configuration`: the
 * names that the configuration gives its stages, sinks or sources, so there are as many as an operator wrote. No label
 * ever has the id of a queue, an agent or a conversation.
 */
export type Label = Readonly<{ name: string; values: readonly string[] | 'configuration' | 'build' }>

/** Which processes have a metric, in words that follow "processes". */
export const holders = {
  clock: 'that can read the raw log, once the clock has ticked',
  projection: 'of `projector` and `merge`',
  folding: 'of `projector`, `points` and `merge`',
  points: 'of `points`',
  snapshot: 'of `projector` and `merge`, once a snapshot was written',
  backlog: 'of `projector` on an embedded log, and of `egress`',
  source: 'that read from a source beside HTTP',
  waiting: 'that read from a source that tells it',
  sink: 'of `egress`',
  refusing: 'of `egress`, for sinks that set records aside',
  kafka: 'of `egress`, for sinks to Kafka',
  registry: 'of `egress`, for sinks to Kafka that write Avro',
  tls: 'with an endpoint that speaks TLS',
} as const
export type Holder = keyof typeof holders

/** `in`: which processes have it; absent: every one. */
type Described = Readonly<{
  name: string
  help: string
  unit?: 'seconds' | 'bytes'
  labels: readonly Label[]
  in?: Holder
}>

/**
 * A metric by its name in Prometheus, which OTLP has as well. A counter's ends in `_total`, an info's in `_info`.
 * `buckets`: the upper bounds of a histogram, ascending, without infinity.
 */
export type Metric =
  | (Described & Readonly<{ kind: 'counter' | 'gauge' | 'info' }>)
  | (Described & Readonly<{ kind: 'histogram'; buckets: readonly number[] }>)

const values = <const V extends readonly string[]>(name: string, list: V): Readonly<{ name: string; values: V }> => ({
  name,
  values: list,
})
const configured = (name: string): Label => ({ name, values: 'configuration' })

/** Groups of topics of Genesys that one decoder reads. */
export const surfaces = [
  ...(['metric-records', 'detail-events', 'conversation-details', 'user-details'] as const),
  ...(['agent-states', 'configuration', 'other'] as const),
] as const
export type Surface = (typeof surfaces)[number]

export const eventOutcomes = ['stored', 'duplicate', 'dead-lettered', 'erased'] as const
export type EventOutcome = (typeof eventOutcomes)[number]

/** Why input cannot be read at all. */
export const decodeFailures = [
  ...(['malformed-json', 'malformed-gzip', 'not-an-envelope', 'undecodable', 'too-deep'] as const),
] as const
export const deadLetterReasons = [
  ...decodeFailures,
  ...([
    'unknown-topic',
    'too-large',
    'confirmation-needed',
    'too-late',
    'too-early',
    'contradictory',
    'other',
  ] as const),
] as const

export const stageStates = ['starting', 'running', 'paused', 'stopping', 'ended'] as const
export const stageTroubles = ['log-unavailable', 'destination-unreachable', 'no-progress'] as const
export const stageAlarms = [
  ...(['events-too-late', 'clock-held', 'rows-dead-lettered', 'sealing-stopped', 'source-away'] as const),
  ...(['source-ended', 'feed-refused', 'feed-halted', 'genesys-sync-failed', 'genesys-gap'] as const),
  'genesys-reconcile-failed',
] as const
export const sourceStates = ['connecting', 'connected', 'paused', 'ended'] as const
export const logParts = ['raw', 'kpi', 'control', 'publications', 'audit', 'points'] as const
export type LogPart = (typeof logParts)[number]
export const appendFailures = ['wrong-expected-revision', 'not-available', 'too-large', 'refused'] as const
export const rowStatuses = ['provisional', 'final', 'corrected'] as const
export const corrections = ['late', 'handled', 'recomputed', 'settings', 'erased', 'withdrawn'] as const
export const sinkFailures = ['not-connected', 'fenced', 'refused'] as const
/** What listens: the ingress, health (with the metrics), the admin API (with the console), and the feeds. */
export const endpoints = ['ingress', 'health', 'admin', 'feeds'] as const
export const diskParts = ['raw-log', 'kpi-log', 'other-log', 'state', 'other'] as const

/** The stages that fold the log: `points` and `merge` do together what `projector` does alone. */
const foldingStages = ['projector', 'points', 'merge'] as const
export type FoldingStage = (typeof foldingStages)[number]

const stage = configured('stage')
const folding = values('stage', foldingStages)
const sink = configured('sink')
const source = configured('source')

const APPEND_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const FOLD_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const PUBLISH_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LOOP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** All metrics. docs/telemetry/metrics.md is generated from this list: `npx tsx dev/write-metrics.ts`. */
export const catalogue = {
  events: {
    ...{ name: 'streamvane_events_total', kind: 'counter' },
    labels: [values('surface', surfaces), values('outcome', eventOutcomes)],
    help: 'Raw events that sources delivered, by group of topics and by what became of them.',
  },
  decodeFailures: {
    ...{ name: 'streamvane_decode_failures_total', kind: 'counter' },
    labels: [values('stage', ['ingress', 'projector']), values('reason', decodeFailures)],
    help: 'Raw events that could not be read. They are among the dead letters.',
  },
  deadLetters: {
    ...{ name: 'streamvane_dead_letters_total', kind: 'counter' },
    labels: [values('stage', ['ingress', 'projector']), values('reason', deadLetterReasons)],
    help: 'Raw events that were not counted, by reason. `streamvane deadletter list` shows them.',
  },
  sourceState: {
    ...{ name: 'streamvane_source_state', kind: 'gauge' },
    labels: [source, values('state', sourceStates)],
    in: 'source',
    help: '1 for the state that a source is in, 0 for the others.',
  },
  sourceLagEvents: {
    ...{ name: 'streamvane_source_lag_events', kind: 'gauge', labels: [source] },
    in: 'waiting',
    help: 'Events that wait at the system that a source reads from, where that tells.',
  },
  sourceLagSeconds: {
    ...{ name: 'streamvane_source_lag_seconds', kind: 'gauge', unit: 'seconds', labels: [source] },
    in: 'waiting',
    help: 'Age of the oldest event that waits there, where that system tells.',
  },
  appendDuration: {
    ...{ name: 'streamvane_log_append_duration_seconds', kind: 'histogram', unit: 'seconds', buckets: APPEND_BUCKETS },
    labels: [values('part', logParts)],
    help: 'From an append to a part of the log until it is durable.',
  },
  appendFailures: {
    ...{ name: 'streamvane_log_append_failures_total', kind: 'counter' },
    labels: [values('part', logParts), values('reason', appendFailures)],
    help: 'Appends that the log did not take.',
  },
  logUp: {
    ...{ name: 'streamvane_log_up', kind: 'gauge', labels: [] },
    help: '1 while the log delivers, 0 while it is broken or stalled.',
  },
  foldDuration: {
    ...{
      name: 'streamvane_fold_duration_seconds',
      kind: 'histogram',
      unit: 'seconds',
      buckets: FOLD_BUCKETS,
      labels: [folding],
    },
    help: 'Time that a stage took to fold one batch.',
  },
  foldedEvents: {
    ...{ name: 'streamvane_folded_events_total', kind: 'counter', labels: [folding] },
    help: 'Raw events that a stage has folded (`merge`: what the buckets found, clock and configuration), those folded again after a restart included.',
  },
  rows: {
    ...{ name: 'streamvane_rows_total', kind: 'counter' },
    labels: [values('family', [...familyNames]), values('status', rowStatuses)],
    help: 'Row revisions that the projector, or `merge`, appended.',
  },
  corrections: {
    ...{ name: 'streamvane_corrections_total', kind: 'counter', labels: [values('reason', corrections)] },
    help: 'Row revisions with status corrected, by the reason of the correction.',
  },
  frontier: {
    ...{ name: 'streamvane_frontier_timestamp_seconds', kind: 'gauge', unit: 'seconds', labels: [] },
    in: 'clock',
    help: 'Last tick of the clock in the raw log: event time has certainly come so far.',
  },
  frontierAge: {
    ...{ name: 'streamvane_frontier_age_seconds', kind: 'gauge', unit: 'seconds', labels: [] },
    in: 'clock',
    help: 'How far the frontier is behind the clock of this machine; negative where it is ahead.',
  },
  openIntervals: {
    ...{ name: 'streamvane_open_intervals', kind: 'gauge', labels: [] },
    in: 'projection',
    help: 'Base intervals that hold figures and are not closed yet.',
  },
  snapshotAge: {
    ...{ name: 'streamvane_snapshot_age_seconds', kind: 'gauge', unit: 'seconds', labels: [folding] },
    in: 'snapshot',
    help: 'Time since the file with the snapshot of the projection was written last. It is written by work, not by time.',
  },
  snapshotEvents: {
    ...{ name: 'streamvane_snapshot_pending_events', kind: 'gauge', labels: [folding] },
    in: 'folding',
    help: 'Events folded since the last snapshot: so many are folded again after a crash.',
  },
  heldBuckets: {
    ...{ name: 'streamvane_points_buckets', kind: 'gauge', labels: [] },
    in: 'points',
    help: 'Buckets of conversations and users, of 64, that the stage `points` of this process works on.',
  },
  ready: {
    ...{ name: 'streamvane_ready', kind: 'gauge', labels: [] },
    help: '1 while /readyz answers 200.',
  },
  stageState: {
    ...{ name: 'streamvane_stage_state', kind: 'gauge', labels: [stage, values('state', stageStates)] },
    help: '1 for the state that a stage is in, 0 for the others.',
  },
  stageTrouble: {
    ...{ name: 'streamvane_stage_trouble', kind: 'gauge', labels: [stage, values('trouble', stageTroubles)] },
    help: '1 while this keeps a stage from its work. `no-progress`: there is work, and nothing was finished for a minute.',
  },
  stageAlarm: {
    ...{ name: 'streamvane_stage_alarm', kind: 'gauge', labels: [stage, values('alarm', stageAlarms)] },
    help: '1 while somebody should look at this although the stage works.',
  },
  stageLagEvents: {
    ...{ name: 'streamvane_stage_lag_events', kind: 'gauge', labels: [stage] },
    in: 'backlog',
    help: 'Events of the log that a stage has not dealt with yet: of a projector where the log is embedded, of an egress rows.',
  },
  stageLagSeconds: {
    ...{ name: 'streamvane_stage_lag_seconds', kind: 'gauge', unit: 'seconds', labels: [stage] },
    help: 'How long a stage has had work that is not done; 0 where everything is done.',
  },
  retries: {
    ...{ name: 'streamvane_stage_retries_total', kind: 'counter', labels: [stage] },
    help: 'Attempts of a stage that were lost and made again, after the log or the destination was away.',
  },
  fences: {
    ...{ name: 'streamvane_fences_total', kind: 'counter', labels: [stage] },
    help: 'Times that another instance took over from a stage of this process, or from `points` a bucket.',
  },
  publishDuration: {
    ...{ name: 'streamvane_publish_duration_seconds', kind: 'histogram', unit: 'seconds', buckets: PUBLISH_BUCKETS },
    labels: [sink],
    in: 'sink',
    help: 'Time that a sink took to write a batch durably: with Kafka, a whole transaction.',
  },
  publishedRecords: {
    ...{ name: 'streamvane_published_records_total', kind: 'counter', labels: [sink] },
    in: 'sink',
    help: 'Records that a sink has written.',
  },
  transactions: {
    ...{ name: 'streamvane_transactions_total', kind: 'counter' },
    labels: [sink, values('outcome', ['committed', 'failed'])],
    in: 'sink',
    help: 'Writes of a sink that delivers exactly once: each is one transaction or commit. Those with unknown outcome failed.',
  },
  sinkFailures: {
    ...{ name: 'streamvane_sink_failures_total', kind: 'counter', labels: [sink, values('reason', sinkFailures)] },
    in: 'sink',
    help: 'Failures of a sink to connect or to write.',
  },
  refusedRecords: {
    ...{ name: 'streamvane_refused_records_total', kind: 'counter', labels: [sink] },
    in: 'refusing',
    help: 'Records that a destination refused for ever and that were set aside.',
  },
  sinkUp: {
    ...{ name: 'streamvane_sink_up', kind: 'gauge', labels: [sink] },
    in: 'sink',
    help: '1 while a sink is connected to its destination.',
  },
  brokerUp: {
    ...{ name: 'streamvane_broker_up', kind: 'gauge', labels: [sink] },
    in: 'kafka',
    help: '1 if the Kafka cluster of a sink answered when it was asked last, at most a minute ago.',
  },
  registryUp: {
    ...{ name: 'streamvane_registry_up', kind: 'gauge', labels: [sink] },
    in: 'registry',
    help: '1 if the schema registry of a sink answered when it was asked last, at most a minute ago.',
  },
  hangingTransactions: {
    ...{ name: 'streamvane_hanging_transactions', kind: 'gauge', labels: [sink] },
    in: 'kafka',
    help: 'Partitions of topics of a sink in which a transaction hangs: read_committed consumers see nothing behind it.',
  },
  certificateExpiry: {
    ...{ name: 'streamvane_certificate_expiry_timestamp_seconds', kind: 'gauge', unit: 'seconds' },
    labels: [values('endpoint', endpoints)],
    in: 'tls',
    help: 'When the certificate that an endpoint shows expires.',
  },
  certificateNotRenewed: {
    ...{ name: 'streamvane_certificate_not_renewed', kind: 'gauge', labels: [values('endpoint', endpoints)] },
    in: 'tls',
    help: '1 while the files of an endpoint hold a certificate that cannot be used, and the one before is shown.',
  },
  diskUsed: {
    ...{ name: 'streamvane_disk_used_bytes', kind: 'gauge', unit: 'bytes', labels: [values('part', diskParts)] },
    help: 'Bytes on disk of the data folder, looked at once a minute at most.',
  },
  diskFree: {
    ...{ name: 'streamvane_disk_free_bytes', kind: 'gauge', unit: 'bytes', labels: [] },
    help: 'Bytes that the file system of the data folder has free.',
  },
  diskSize: {
    ...{ name: 'streamvane_disk_size_bytes', kind: 'gauge', unit: 'bytes', labels: [] },
    help: 'Size of the file system of the data folder.',
  },
  eventLoopDelay: {
    ...{ name: 'streamvane_event_loop_delay_seconds', kind: 'histogram', unit: 'seconds', buckets: LOOP_BUCKETS },
    labels: [],
    help: 'The longest delay of the event loop in each second.',
  },
  pushFailures: {
    ...{ name: 'streamvane_telemetry_push_failures_total', kind: 'counter' },
    labels: [values('to', ['otlp', 'application-insights'])],
    help: 'Pushes of metrics that were not taken. Counters lose nothing by it: the next push has their sums.',
  },
  cpu: {
    ...{ name: 'process_cpu_seconds_total', kind: 'counter', unit: 'seconds', labels: [] },
    help: 'CPU time of the process, of its threads together.',
  },
  residentMemory: {
    ...{ name: 'process_resident_memory_bytes', kind: 'gauge', unit: 'bytes', labels: [] },
    help: 'Resident memory of the process, pages of the embedded log that are mapped included.',
  },
  heapUsed: {
    ...{ name: 'nodejs_heap_size_used_bytes', kind: 'gauge', unit: 'bytes', labels: [] },
    help: 'Used heap of the main thread.',
  },
  heapTotal: {
    ...{ name: 'nodejs_heap_size_total_bytes', kind: 'gauge', unit: 'bytes', labels: [] },
    help: 'Heap of the main thread.',
  },
  externalMemory: {
    ...{ name: 'nodejs_external_memory_bytes', kind: 'gauge', unit: 'bytes', labels: [] },
    help: 'Memory of buffers outside the heap.',
  },
  processStart: {
    ...{ name: 'process_start_time_seconds', kind: 'gauge', unit: 'seconds', labels: [] },
    help: 'When the process began, in seconds since 1970.',
  },
  build: {
    ...{ name: 'streamvane_build_info', kind: 'info' },
    labels: [
      { name: 'version', values: 'build' },
      { name: 'node', values: 'build' },
    ],
    help: 'Version of Streamvane and of Node.',
  },
} as const satisfies Readonly<Record<string, Metric>>

export type MetricId = keyof typeof catalogue

export const metrics: readonly Metric[] = Object.values(catalogue)
