import * as E from 'fp-ts/lib/Either.js'
import type { ConfigurationFact } from '../../../domain/fact.js'
import type { EpochMs } from '../../../domain/interval.js'
import { frontierIn } from '../../../ingress/clock.js'
import { configStream } from '../../../domain/stream-name.js'
import { importedData, isImportedType, subjectOf, type Imported } from '../../../ingress/decode/configuration.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import { canonicalJson } from '../../../domain/canonical-json.js'
import { contentId } from '../../../log/content-id.js'
import { NotIngested } from '../../../ingress/not-ingested.js'
import type { AppendFailure, EventLog } from '../../../log/event-log.js'
import { ifThere } from '../../../log/if-there.js'
import { readGenerations, type Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'

/** Configuration that operators put into the log. */
export type Configured = Exclude<Imported, Readonly<{ type: 'StreamErased' }>>

/** What became of a setting: `unchanged` is in force already and is not stored again. */
export type Change = Readonly<{ fact: Configured; outcome: 'stored' | 'unchanged' }>

export type ChangeOptions = Readonly<{
  tenant: string
  /** Where the settings came from. */
  source: string
  now: number
  /** Report what would be stored, and store nothing. */
  dryRun: boolean
}>

/**
 * Stores settings in the raw log, each in the stream of the object it configures, with the instant from which it is in
 * force. Ids are derived from the content. A setting equal to the one in force at its instant is not stored. Throws
 * `NotIngested`.
 */
export const changeConfiguration = async (
  raw: EventLog | undefined,
  facts: readonly Configured[],
  { tenant, source, now, dryRun }: ChangeOptions,
): Promise<readonly Change[]> => {
  const known = new Map<string, Configured[]>()
  const changes: Change[] = []
  const stored: Configured[] = []
  for (const fact of facts) {
    const stream = streamOf(tenant, fact)
    let settings = known.get(stream)
    if (settings === undefined) known.set(stream, (settings = raw === undefined ? [] : await settingsOf(raw, stream)))
    const before = inForceAt(settings.filter(isOfTypeOf(fact)), fact.at)
    if (before !== undefined && saysTheSame(before, fact)) {
      changes.push({ fact, outcome: 'unchanged' })
      continue
    }
    const setting = newSetting(fact, settings)
    settings.push(setting)
    stored.push(setting)
    changes.push({ fact: setting, outcome: 'stored' })
  }
  if (dryRun || raw === undefined) return changes
  for (const [, failure] of await storeSettings(raw, stored, { tenant, source, now })) throw new NotIngested(failure)
  return changes
}

/** One append takes at most so many streams. */
const STREAMS_MAX = 500

/**
 * Stores settings, each in the stream of its object. Answers which of them the log refuses because the stream was
 * erased, with its failure. Throws `NotIngested` for any other failure.
 */
export const storeSettings = async (
  raw: EventLog,
  settings: readonly Configured[],
  { tenant, source, now }: Omit<ChangeOptions, 'dryRun'>,
): Promise<ReadonlyMap<Configured, AppendFailure>> => {
  const metadata = Buffer.from(JSON.stringify({ tenant, source, receivedAt: new Date(now).toISOString() }))
  const streams = new Map<string, Configured[]>()
  for (const fact of settings) {
    const stream = streamOf(tenant, fact)
    streams.set(stream, [...(streams.get(stream) ?? []), fact])
  }
  const refused = new Map<Configured, AppendFailure>()
  const all = [...streams]
  for (let from = 0; from < all.length; from += STREAMS_MAX) {
    const some = all.slice(from, from + STREAMS_MAX)
    const results = await raw.append(
      some.map(([stream, own]) => ({
        stream,
        expected: 'any' as const,
        events: own.map((fact) => ({ id: idOf(fact), type: fact.type, data: importedData(fact), metadata })),
      })),
    )
    for (const [place, result] of results.entries()) {
      if (E.isRight(result)) continue
      const isErased = result.left.tag === 'Refused' && result.left.isErased === true
      if (!isErased) throw new NotIngested(result.left)
      for (const fact of some[place]?.[1] ?? []) refused.set(fact, result.left)
    }
  }
  return refused
}

/** The stream of a queue also says when the queue was deleted in Genesys. */
const isOfTypeOf =
  ({ type }: Configured) =>
  (other: Configured): boolean =>
    other.type === type

/** The setting in force at an instant; of several with the same instant the one stored last. */
export const inForceAt = <T extends Configured>(settings: readonly T[], at: EpochMs): T | undefined =>
  settings.reduce<T | undefined>(
    (last, fact) => (fact.at <= at && (last === undefined || fact.at >= last.at) ? fact : last),
    undefined,
  )

/** All settings in the log, by stream, in the order of the stream. */
export const allSettings = async (
  raw: EventLog,
  tenant: string,
): Promise<ReadonlyMap<string, readonly Configured[]>> => {
  const prefixes = ['queue-', 'organisation-', 'presence-', 'profile-'].map((kind) => `${tenant}.config-${kind}`)
  const settings = new Map<string, Configured[]>()
  for await (const batch of raw.readStreams(prefixes))
    for (const { stream, type, data } of batch)
      for (const fact of settingsIn(type, data)) settings.set(stream, [...(settings.get(stream) ?? []), fact])
  return settings
}

/** The frontier of the log and the live generation; both are missing before the first projection. */
export type LogStatus = Readonly<{ frontier: EpochMs | undefined; live: Generation | undefined }>

export const logStatusOf = async (logs: Logs, raw: EventLog | undefined, tenant: string): Promise<LogStatus> => {
  const control = await ifThere(() => logs.control('reader'))
  const { all, live } = control === undefined ? { all: {}, live: undefined } : await readGenerations(control, tenant)
  return {
    frontier: raw === undefined ? undefined : await frontierIn(raw, tenant),
    live: live === undefined ? undefined : all[live],
  }
}

/** The stored changes that take effect before the frontier: only a rebuild applies them to rows already computed. */
export const waitingForRebuild = (changes: readonly Change[], { frontier, live }: LogStatus): readonly Change[] =>
  live === undefined || frontier === undefined
    ? []
    : changes.filter(
        ({ fact, outcome }) =>
          // Organisation settings apply to all of history at once; no figure depends on presence definitions.
          outcome === 'stored' &&
          fact.at < frontier &&
          (fact.type === 'QueueConfigured' || fact.type === 'ProfilePublished'),
      )

/**
 * A setting whose content is stored already would be a duplicate by its id. A setting that takes back a change made for
 * the same instant therefore gets an instant one millisecond later.
 */
export const newSetting = (fact: Configured, known: readonly Configured[]): Configured => {
  const stored = new Set(known.map((other) => canonicalJson(other)))
  let setting = fact
  while (stored.has(canonicalJson(setting))) setting = { ...setting, at: setting.at + 1 }
  return setting
}

export const streamOf = (tenant: string, fact: Configured): string => {
  const { kind, id } = subjectOf(fact)
  return configStream(tenant, kind, id)
}

const idOf = (fact: Configured): string => contentId('configuration', fact.type, canonicalJson(fact))

export const saysTheSame = (a: Configured, b: Configured): boolean =>
  canonicalJson({ ...a, at: 0 }) === canonicalJson({ ...b, at: 0 })

const settingsOf = async (raw: EventLog, stream: string): Promise<Configured[]> => {
  const settings: Configured[] = []
  for await (const batch of raw.readStream(stream))
    for (const { type, data } of batch) settings.push(...settingsIn(type, data))
  return settings
}

/** The stream of a queue also holds its memberships, which are not settings. */
export const settingsIn = (type: string, data: Uint8Array): readonly Configured[] => {
  if (!isImportedType(type) || type === 'StreamErased') return []
  const facts = decodeRaw(type, data)
  return E.isRight(facts) ? (facts.right as readonly ConfigurationFact[] as readonly Configured[]) : []
}
