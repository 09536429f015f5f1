import type { FamilyName } from '../domain/family.js'
import type { ProgressStore } from '../egress/at-least-once/progress-store.js'
import type { ProgressMismatchCode } from '../egress/progress-mismatch.js'
import type { Sink } from '../egress/sink.js'
import type { Source } from '../ingress/source.js'

/**
 * The version of the ports that this Streamvane has. It rises when a package that was written for the one before would
 * not work any more. A package says the one that it was written for.
 */
export const PORT = 1

/**
 * A schema of any library that keeps to Standard Schema 1 (https://standardschema.dev): Zod, Valibot, ArkType. The
 * validation must be synchronous.
 */
export type SettingsSchema<Settings> = Readonly<{
  '~standard': Readonly<{
    version: 1
    vendor: string
    validate: (value: unknown) => SchemaResult<Settings> | Promise<SchemaResult<Settings>>
  }>
}>

type SchemaResult<Settings> =
  Readonly<{ value: Settings; issues?: undefined }> | Readonly<{ issues: readonly SchemaIssue[] }>

type SchemaIssue = Readonly<{
  message: string
  path?: readonly (PropertyKey | Readonly<{ key: PropertyKey }>)[] | undefined
}>

/** Takes lines for the log of the process, as pino does. Secrets do not belong there. */
export type PluginLogger = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (details: Readonly<Record<string, unknown>>, message: string) => void>
>

/** What a sink is made with, beside its settings. */
export type SinkPluginContext = Readonly<{
  /** The name of the sink: its progress is kept by it. */
  name: string
  tenant: string
  /** The families of the profile. */
  families: readonly FamilyName[]
  /** Keeps the progress of a sink whose destination cannot: for `atLeastOnceSink`. */
  progress: ProgressStore
  /** Mismatches of the progress that the operator accepts: for `atLeastOnceSink`. */
  acceptProgress: readonly ProgressMismatchCode[]
  /** The sink is that of a replay beside the running one. */
  isReplay: boolean
  logger: PluginLogger
}>

/** What a source is made with, beside its settings. */
export type SourcePluginContext = Readonly<{
  name: string
  /** Where its settings stand (`sources.0`): messages name the setting that mends a fault. */
  path: string
  tenant: string
  logger: PluginLogger
}>

/** What a package exports as `sink`, for `egress.sinks: [{ name: …, use: '@acme/our-sink', … }]`. */
export type SinkPlugin<Settings> = Readonly<{
  port: typeof PORT
  /** Reads the settings of the entry that are not those of every sink. Secrets are `Secret` already. */
  settings: SettingsSchema<Settings>
  /** The destination in words, without credentials. */
  place: (settings: Settings) => string
  open: (settings: Settings, context: SinkPluginContext) => Sink
}>

/** What a package exports as `source`, for `sources: [{ name: …, use: '@acme/our-source', … }]`. */
export type SourcePlugin<Settings> = Readonly<{
  port: typeof PORT
  /** Reads the settings of the entry, without `name` and `use`. Secrets are `Secret` already. */
  settings: SettingsSchema<Settings>
  /** Where it reads from, in words and without credentials. */
  place: (settings: Settings) => string
  open: (settings: Settings, context: SourcePluginContext) => Source
}>
