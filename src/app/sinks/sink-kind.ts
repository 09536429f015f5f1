import type { Logger } from 'pino'
import type { z } from 'zod'
import type { FamilyName } from '../../domain/family.js'
import type { ProgressStore } from '../../egress/at-least-once/progress-store.js'
import type { NamesSink } from '../../egress/kafka/names-sink.js'
import type { TakeOverSetting } from '../../egress/kafka/options.js'
import type { IntervalRows } from '../../egress/objects/interval-rows.js'
import type { ProgressMismatchCode } from '../../egress/progress-mismatch.js'
import type { RefusedRecords } from '../../egress/refused-records.js'
import type { RowFilter, Sink } from '../../egress/sink.js'
import type { Topics } from '../../egress/topics.js'
import type { SettingFault } from '../config/setting-fault.js'

/**
 * A sink of the configuration: its name, what it publishes, the settings of its kind, and where they stand
 * (`egress.sinks.0`), for messages.
 */
export type SinkOf<Settings> = Readonly<{ name: string; filter: RowFilter; settings: Settings; path: string }>

/** What the kinds know of the installation. */
export type SinkContext = Readonly<{
  tenant: string
  /** The data folder. */
  data: string
  /** The families of the profile. */
  families: readonly FamilyName[]
  /** The names of `egress.kafka.topics`, after which files are named too. */
  topics: Topics
  takeOver: TakeOverSetting
  acceptProgress: readonly ProgressMismatchCode[]
  /** Keeps the progress of a sink, by its name, whose destination cannot (`atLeastOnceSink`). */
  progressOf: (sink: string) => ProgressStore
  /** Reads complete intervals from the KPI log, for a sink that publishes intervals and not rows. */
  intervalRows: IntervalRows
  /** Keeps what the destination of a sink, by its name, refuses for ever. */
  refusedOf: (sink: string) => RefusedRecords
  logger: Logger
  /** The sink is that of a replay, which does not fence out the running one. */
  isReplay: boolean
}>

/**
 * A kind of sink: everything that the program knows of it but its code. Every command reads the configuration, and most
 * need no sink.
 */
export type SinkKind<Settings> = Readonly<{
  /** What `use` says. */
  use: string
  /** Its settings, beside those of every sink. */
  schema: z.ZodObject
  /** Settings that are missing or contradict each other. Paths begin below the entry. */
  faults?: (settings: Settings) => readonly SettingFault[]
  /** What two sinks of this kind must not share. `other` is named `name`. */
  sharedWith?: (settings: Settings, other: Settings, name: string) => SettingFault | undefined
  /** `final`: rows of open intervals are nothing for it, whatever the configuration says. */
  only?: 'final'
  /** What the status calls the destination. */
  destination: 'broker' | 'files' | 'store' | 'service'
  /** The destination in words, without credentials. */
  place: (sink: SinkOf<Settings>, context: Pick<SinkContext, 'data'>) => string
  /** Why the status does not look at the destination; the status says that in place of looking. */
  notLookedAt?: (sink: SinkOf<Settings>, context: Pick<SinkContext, 'data'>) => string | undefined
  /** The code of a kind is loaded here, or when the sink connects (`lazySink`). */
  open: (sink: SinkOf<Settings>, context: SinkContext) => Sink | Promise<Sink>
  /** Where the sink publishes names beside rows; `undefined`: its settings do not ask for it. Absent: it has no names. */
  openNames?: (sink: SinkOf<Settings>, context: SinkContext) => NamesSink | undefined | Promise<NamesSink | undefined>
}>

/**
 * An entry of the registry. The types of its settings are forgotten here: an entry of the configuration was read by the
 * schema of the kind that it names.
 */
export const sinkKind = <Schema extends z.ZodObject>(
  kind: Readonly<{ schema: Schema }> & SinkKind<z.infer<Schema>>,
): SinkKind<unknown> => kind as unknown as SinkKind<unknown>

/** A replay has this name at every destination, so that it does not fence out the running egress. */
export const REPLAY = 'replay'

/** The name of a sink at its destination. */
export const nameAt = ({ name }: Pick<SinkOf<unknown>, 'name'>, { isReplay }: Pick<SinkContext, 'isReplay'>): string =>
  isReplay ? `${name}.${REPLAY}` : name

/** The families that a filter lets pass. */
export const passing = (families: readonly FamilyName[], filter: RowFilter): readonly FamilyName[] =>
  families.filter((family) => filter.families?.includes(family) ?? true)
