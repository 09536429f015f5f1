import { resolve } from 'node:path'
import { z } from 'zod'
import { familyNames } from '../../domain/family.js'
import { granularities } from '../../domain/granularity.js'
import { unreachable } from '../../domain/unreachable.js'
import { kafkaDefaults, takeOverSettings } from '../../egress/kafka/options.js'
import { progressMismatchCodes } from '../../egress/progress-mismatch.js'
import type { RowFilter } from '../../egress/sink.js'
import type { Cadence } from '../pipeline/egress/periods.js'
import { egressDefaults } from '../pipeline/egress/publishing.js'
import { filesSchema, kafkaFaults, kafkaSchema, type FilesSettings, type KafkaSettings } from './egress-schema.js'
import { pgliteSchema, postgresqlSchema, type PgliteSettings, type PostgresqlSettings } from './sql-schema.js'
import { PERIOD_RULE, periodMs } from './period.js'
import type { SettingFault } from './setting-fault.js'

const trimmed = (text: string): string => text.trim()
const once = <A>(list: readonly A[]): boolean => new Set(list).size === list.length

/** A replay has this name at every destination, so that it does not fence out the running egress. */
export const REPLAY = 'replay'

/** What every entry of `egress.sinks` says, whatever its kind. */
const ofEverySink = {
  /** Names its stage, its progress at the destination and its folder: stable across restarts. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'lower-case letters, digits, - and _ only, 40 at most')
    .refine((name) => name !== REPLAY, 'this name belongs to replays'),
  /** Only rows of these families; default all. */
  families: z.array(z.enum(familyNames)).min(1).refine(once, 'each family once').optional(),
  /** Only rows of these lengths of interval; default all. */
  granularities: z.array(z.enum(granularities)).min(1).refine(once, 'each granularity once').optional(),
  /** `final`: no rows of open intervals. */
  only: z.enum(['all', 'final']).default('all'),
  /**
   * `streaming`: every row as it comes. `at-close`: a row as its interval closes, and its corrections as they come; the
   * same as `streaming` with `only: final`. `every`: once in each period, the latest revision of each row that changed.
   */
  mode: z
    .union([
      z.enum(['streaming', 'at-close']),
      z.strictObject({ every: z.string().refine((text) => periodMs(text) !== undefined, PERIOD_RULE) }),
    ])
    .default('streaming'),
}

const sinkSchema = z.discriminatedUnion('use', [
  z.strictObject({ use: z.literal('kafka'), ...ofEverySink, ...kafkaSchema.shape }),
  z.strictObject({ use: z.literal('files'), ...ofEverySink, ...filesSchema.shape }),
  z.strictObject({ use: z.literal('postgresql'), ...ofEverySink, ...postgresqlSchema.shape }),
  z.strictObject({ use: z.literal('pglite'), ...ofEverySink, ...pgliteSchema.shape }),
])

export const egressSchema = z.strictObject({
  /**
   * The short form of `sinks`. `auto`: Kafka if `egress.kafka.brokers` names a broker, else files. Several at once are
   * a list, or separated by commas. Each publishes all rows.
   */
  sink: z
    .preprocess(
      (value) => (typeof value === 'string' && value.includes(',') ? value.split(',').map(trimmed) : value),
      z.union([
        z.enum(['auto', 'kafka', 'files', 'none']),
        z
          .array(z.enum(['kafka', 'files']))
          .min(1)
          .refine(once, 'each sink once'),
      ]),
    )
    .default('auto'),
  sinks: z.array(sinkSchema).min(1).optional(),
  batchMax: z.number().int().min(1).max(10_000).default(2_000),
  /** `always`: this instance also fences one that is seen to publish under the same name, which ends then. */
  takeOver: z.enum(takeOverSettings).default(kafkaDefaults.takeOver),
  /** Mismatches of the progress at a destination that the operator accepts. */
  acceptProgress: z.array(z.enum(progressMismatchCodes)).default([]),
  /**
   * Pauses between attempts while the destination is away: they double from `firstMs` to `maxMs`, and half of each is
   * random. An egress ends once it was away for `giveUpAfterMs`; without it, it tries for ever.
   */
  retry: z
    .strictObject({
      firstMs: z.number().int().min(1).default(egressDefaults.retry.firstMs),
      maxMs: z.number().int().min(1).default(egressDefaults.retry.maxMs),
      giveUpAfterMs: z.number().int().min(1).optional(),
    })
    .refine(({ firstMs, maxMs }) => firstMs <= maxMs, { message: 'maxMs is below firstMs', path: ['maxMs'] })
    .prefault({}),
  kafka: kafkaSchema.prefault({}),
  files: filesSchema.prefault({}),
})

export type EgressConfig = z.infer<typeof egressSchema>

/** A sink in use. */
export type SinkSettings = Readonly<{ name: string; filter: RowFilter; cadence: Cadence }> &
  (
    | Readonly<{ use: 'kafka'; kafka: KafkaSettings }>
    | Readonly<{ use: 'files'; files: FilesSettings }>
    | Readonly<{ use: 'postgresql'; store: PostgresqlSettings }>
    | Readonly<{ use: 'pglite'; store: PgliteSettings }>
  )

/** The sinks in use, the short form resolved; none: nothing is published. */
export const sinkSettings = ({ sink, sinks, kafka, files }: EgressConfig): readonly SinkSettings[] => {
  if (sinks !== undefined) return sinks.map(entrySettings)
  if (sink === 'none') return []
  const kinds = sink === 'auto' ? [kafka.brokers.length > 0 ? 'kafka' : 'files'] : [sink].flat()
  return kinds.map((use) => {
    const plain = { name: use, filter: {}, cadence: { kind: 'streaming' } } as const
    return use === 'kafka' ? { ...plain, use, kafka } : { ...plain, use: 'files', files }
  })
}

export type KafkaSinkSettings = Extract<SinkSettings, { use: 'kafka' }>
export type StoreSinkSettings = Extract<SinkSettings, { use: 'postgresql' | 'pglite' }>

/** Those of the sinks in use that are Kafka. */
export const kafkaSinks = (egress: EgressConfig): readonly KafkaSinkSettings[] =>
  sinkSettings(egress).filter((sink) => sink.use === 'kafka')

type SinkEntry = z.infer<typeof sinkSchema>

const entrySettings = (entry: SinkEntry): SinkSettings => {
  const { name, families, granularities: lengths, only, mode } = entry
  const filter: RowFilter = {
    ...(families === undefined ? {} : { families }),
    ...(lengths === undefined ? {} : { granularities: lengths }),
    ...(only === 'final' || mode === 'at-close' ? { only: 'final' } : {}),
  }
  const cadence: Cadence =
    typeof mode === 'string' ? { kind: 'streaming' } : { kind: 'every', ms: periodMs(mode.every) as number }
  const common = { name, filter, cadence }
  switch (entry.use) {
    case 'kafka':
      return { ...common, use: entry.use, kafka: entry }
    case 'files':
      return { ...common, use: entry.use, files: entry }
    case 'postgresql':
      return { ...common, use: entry.use, store: entry }
    case 'pglite':
      return { ...common, use: entry.use, store: entry }
    default:
      return unreachable(entry)
  }
}

/**
 * The raw settings of the egress with what each entry of `sinks` leaves out taken from `kafka` or `files`, except what
 * tells destinations apart. An entry that says which cluster it means takes nothing: credentials of one cluster are not
 * sent to another.
 */
export const withInherited = (egress: Raw): Raw => {
  const { sinks, kafka, files } = egress
  if (!Array.isArray(sinks)) return egress
  return {
    ...egress,
    sinks: sinks.map((entry: unknown) => {
      if (!isRaw(entry)) return entry
      const isElsewhere = ofCluster.some((key) => entry[key] !== undefined)
      if (entry['use'] === 'kafka' && isRaw(kafka) && !isElsewhere)
        return { ...without(kafka, 'transactionalId'), ...entry }
      if (entry['use'] === 'files' && isRaw(files)) return { ...without(files, 'dir'), ...entry }
      return entry
    }),
  }
}

const ofCluster = ['brokers', 'preset', 'eventHubsConnectionString']

type Raw = Readonly<Record<string, unknown>>
const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)
const without = (settings: Raw, key: string): Raw =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => name !== key))

/** What the sinks in use lack, and what two of them must not share. Paths begin below `egress`. */
export const egressFaults = (egress: EgressConfig): readonly SettingFault[] => {
  const { sink, sinks } = egress
  if (sinks === undefined)
    return sinkSettings(egress).flatMap((each) =>
      each.use === 'kafka' ? below(['kafka'], kafkaFaults(each.kafka)) : [],
    )
  return [
    ...(sink === 'auto'
      ? []
      : [{ path: ['sink'], message: 'egress.sink is the short form of egress.sinks: give one of the two' }]),
    ...sinks.flatMap((each, index) => [
      ...(each.use === 'kafka' ? below(['sinks', index], kafkaFaults(each)) : []),
      ...sharedWith(sinks.slice(0, index), each).map((fault) => ({ ...fault, path: ['sinks', index, ...fault.path] })),
    ]),
  ]
}

const below = (path: SettingFault['path'], faults: readonly SettingFault[]): readonly SettingFault[] =>
  faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }))

/** What an entry shares with one before it, so that each would fence out or overwrite the other. */
const sharedWith = (earlier: readonly SinkEntry[], entry: SinkEntry): readonly SettingFault[] =>
  earlier.flatMap((other) => {
    if (other.name === entry.name)
      return [{ path: ['name'], message: `another sink is named ${entry.name}: its progress is kept by that name` }]
    if (entry.use === 'kafka' && other.use === 'kafka' && entry.transactionalId !== undefined)
      if (entry.transactionalId === other.transactionalId)
        return [{ path: ['transactionalId'], message: `it is that of ${other.name}: each sink needs one of its own` }]
    if (entry.use === 'files' && other.use === 'files' && entry.dir !== undefined && other.dir !== undefined)
      if (resolve(entry.dir) === resolve(other.dir))
        return [{ path: ['dir'], message: `it is the folder of ${other.name}: each sink needs one of its own` }]
    return []
  })
