import { z } from 'zod'
import { familyNames } from '../../../domain/family.js'
import { granularities } from '../../../domain/granularity.js'
import { kafkaDefaults, takeOverSettings } from '../../../egress/kafka/options.js'
import { progressMismatchCodes } from '../../../egress/progress-mismatch.js'
import type { RowFilter } from '../../../egress/sink.js'
import type { Cadence } from '../../pipeline/egress/periods.js'
import { egressDefaults } from '../../pipeline/egress/publishing.js'
import { kindOf, sinkKinds } from '../../sinks/kinds.js'
import { REPLAY, type SinkOf } from '../../sinks/sink-kind.js'
import { entrySchema } from '../entry-schema.js'
import { filesSchema, kafkaSchema, type KafkaSettings } from './egress-schema.js'
import type { PgliteSettings, PostgresqlSettings } from './sql-schema.js'
import { PERIOD_RULE, periodMs } from '../period.js'
import type { SettingFault } from '../setting-fault.js'

const trimmed = (text: string): string => text.trim()
const once = <A>(list: readonly A[]): boolean => new Set(list).size === list.length

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

const sinkSchema = entrySchema('sink', sinkKinds, ofEverySink)
type SinkEntry = z.infer<typeof sinkSchema>

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
  batchMax: z.number().int().min(1).max(10_000).default(10_000),
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

/** A sink in use. `settings` are those of the kind that `use` names. */
export type SinkSettings = SinkOf<unknown> & Readonly<{ use: string; cadence: Cadence }>

/** The sinks in use, the short form resolved; none: nothing is published. */
export const sinkSettings = ({ sink, sinks, kafka, files }: EgressConfig): readonly SinkSettings[] => {
  if (sinks !== undefined) return sinks.map((entry, index) => entrySettings(entry, `egress.sinks.${index}`))
  if (sink === 'none') return []
  const kinds = sink === 'auto' ? [kafka.brokers.length > 0 ? ('kafka' as const) : ('files' as const)] : [sink].flat()
  return kinds.map((use) => {
    const settings = { kafka, files }[use]
    return { name: use, use, filter: {}, cadence: { kind: 'streaming' }, settings, path: `egress.${use}` }
  })
}

export type KafkaSinkSettings = SinkSettings & Readonly<{ use: 'kafka'; settings: KafkaSettings }>
export type StoreSinkSettings = SinkSettings &
  (
    | Readonly<{ use: 'postgresql'; settings: PostgresqlSettings }>
    | Readonly<{ use: 'pglite'; settings: PgliteSettings }>
  )

export const isKafkaSink = (sink: SinkSettings): sink is KafkaSinkSettings => sink.use === 'kafka'
export const isStoreSink = (sink: SinkSettings): sink is StoreSinkSettings =>
  sink.use === 'postgresql' || sink.use === 'pglite'

/** Those of the sinks in use that are Kafka. */
export const kafkaSinks = (egress: EgressConfig): readonly KafkaSinkSettings[] =>
  sinkSettings(egress).filter(isKafkaSink)

const entrySettings = (entry: SinkEntry, path: string): SinkSettings => {
  const { name, use, families, granularities: lengths, only, mode, ...settings } = entry
  const filter: RowFilter = {
    ...(families === undefined ? {} : { families }),
    ...(lengths === undefined ? {} : { granularities: lengths }),
    ...(only === 'final' || mode === 'at-close' || kindOf(use).only === 'final' ? { only: 'final' } : {}),
  }
  const cadence: Cadence =
    typeof mode === 'string' ? { kind: 'streaming' } : { kind: 'every', ms: periodMs(mode.every) as number }
  return { name, use, filter, cadence, settings, path }
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
    return sinkSettings(egress).flatMap(({ use, settings }) => below([use], kindOf(use).faults?.(settings) ?? []))
  return [
    ...(sink === 'auto'
      ? []
      : [{ path: ['sink'], message: 'egress.sink is the short form of egress.sinks: give one of the two' }]),
    ...sinks.flatMap((each, index) =>
      below(['sinks', index], [...(kindOf(each.use).faults?.(each) ?? []), ...sharedWith(sinks.slice(0, index), each)]),
    ),
  ]
}

const below = (path: SettingFault['path'], faults: readonly SettingFault[]): readonly SettingFault[] =>
  faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] }))

/** What an entry shares with one before it, so that each would fence out or overwrite the other. */
const sharedWith = (earlier: readonly SinkEntry[], entry: SinkEntry): readonly SettingFault[] =>
  earlier.flatMap((other): readonly SettingFault[] => {
    if (other.name === entry.name)
      return [{ path: ['name'], message: `another sink is named ${entry.name}: its progress is kept by that name` }]
    const shared = other.use === entry.use ? kindOf(entry.use).sharedWith?.(entry, other, other.name) : undefined
    return shared === undefined ? [] : [shared]
  })
