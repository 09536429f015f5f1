import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Source } from '../../ingress/source.js'
import type { GenesysSettings } from '../config/genesys-schema.js'
import type { SettingFault } from '../config/setting-fault.js'
import type { SourceLogs } from './source-logs.js'

/** A source of the configuration: its name, the settings of its kind, and where they stand (`sources.0`), for messages. */
export type SourceOf<Settings> = Readonly<{ name: string; settings: Settings; path: string }>

/** What the kinds know of the installation. */
export type SourceContext = Readonly<{
  tenant: string
  /** The data folder. */
  data: string
  /** The organisation in Genesys Cloud. */
  genesys: GenesysSettings | undefined
  logs: SourceLogs
  logger: Logger
  now: () => number
}>

/**
 * A kind of source: everything that the program knows of it but its code, which `open` loads when the source starts
 * (`lazySource`).
 */
export type SourceKind<Settings> = Readonly<{
  /** What `use` says. */
  use: string
  /** Its settings, beside those of every source. */
  schema: z.ZodObject
  /** Settings that are missing or contradict each other. Paths begin below the entry. */
  faults?: (settings: Settings) => readonly SettingFault[]
  /** Where it reads from, in words and without credentials. */
  place: (source: SourceOf<Settings>) => string
  open: (source: SourceOf<Settings>, context: SourceContext) => Source
  /**
   * Connects as the source does, takes nothing, and resolves with what it found; rejects with what is wrong, in words.
   * For `doctor`. Absent: another check looks at the system, or none can.
   */
  look?: (source: SourceOf<Settings>, context: SourceContext) => Promise<string>
}>

/** An entry of the registry; see `sinkKind`. */
export const sourceKind = <Schema extends z.ZodObject>(
  kind: Readonly<{ schema: Schema }> & SourceKind<z.infer<Schema>>,
): SourceKind<unknown> => kind as unknown as SourceKind<unknown>
