import * as E from 'fp-ts/lib/Either.js'
import type { NamedKind, ObjectNamed, OrgSettingsChanged } from '../../../../domain/fact.js'
import { printable } from '../../../../domain/printable.js'
import type { GenesysClient } from '../../../../genesys/client.js'
import { genesysFailureText, type GenesysFailure } from '../../../../genesys/failure.js'
import { listAll, type Entity } from '../../../../genesys/listing.js'
import { namedObject, type Times } from '../../../../ingress/decode/configuration-objects.js'
import { BadField, isObject } from '../../../../ingress/decode/fields.js'
import type { GenesysSettings } from '../../../config/genesys-schema.js'
import { inForceAt, newSetting, saysTheSame, type Configured } from '../../imports/import-configuration.js'
import { lastName, type KnownConfiguration } from './known-configuration.js'
import { ORGANISATION_PATH, subjects, type Subject } from './subjects.js'

/** What a sync found out about one kind of objects. */
export type SyncedKind = Readonly<{
  kind: NamedKind
  what: string
  listed: number
  /** Settings that are not in the log yet; those of objects that are gone are among them. */
  changed: readonly Configured[]
  gone: number
}>

/**
 * What a sync would store, and what it could not read: sentences for people. Where there are problems the rest is
 * stored all the same.
 */
export type SyncPlan = Readonly<{
  organisation: Readonly<{ id: string; name: string | null }> | undefined
  kinds: readonly SyncedKind[]
  changed: readonly Configured[]
  problems: readonly string[]
}>

/** Why nothing can be synced at all. */
export type SyncFailure =
  | GenesysFailure
  /** The log holds the configuration of another organisation. */
  | Readonly<{ tag: 'OtherOrganisation'; known: string; found: string }>

export type SyncOptions = Readonly<{
  client: GenesysClient
  /** As the log has it now. */
  known: KnownConfiguration
  organisationSettings: GenesysSettings['organisationSettings']
  /** Objects are recorded as gone however many are missing. */
  acceptRemovals: boolean
  now: number
  signal: AbortSignal
}>

/** More objects missing at once look like a role that sees less than before. */
const MISSING_MAX = 5
const MISSING_SHARE_MAX = 0.2

/**
 * Reads the configuration of the organisation and compares it with what the log says to be in force now. A kind that
 * cannot be listed is left as it is. An object is gone when a whole list lacks it and asking for it by its id finds
 * nothing.
 */
export const planSync = async (options: SyncOptions): Promise<E.Either<SyncFailure, SyncPlan>> => {
  const { client, known, organisationSettings, now, signal } = options
  const problems: string[] = []
  const organisation = await client.call({ method: 'GET', path: ORGANISATION_PATH }, signal)
  const own: Configured[] = []
  if (E.isLeft(organisation)) {
    if (concernsAll(organisation.left)) return organisation
    problems.push(genesysFailureText(organisation.left))
  } else {
    const found = readEntity('organisation', organisation.right.json, { effectiveAt: undefined, now }, problems)
    const [other] = [...known.present('organisation').keys()].filter((id) => id !== found?.objectId)
    if (found !== undefined && other !== undefined)
      return E.left({ tag: 'OtherOrganisation', known: other, found: found.objectId })
    if (found !== undefined) own.push(found)
  }
  if (organisationSettings !== undefined) own.push(settingsFact(organisationSettings, now))
  const ownChanged = own.flatMap((fact) => changeTo(fact, known, now))
  const kinds: SyncedKind[] = []
  for (const subject of subjects) {
    const synced = await syncKind(subject, options, problems)
    if (E.isLeft(synced)) {
      if (concernsAll(synced.left)) return synced
      problems.push(genesysFailureText(synced.left))
    } else kinds.push(synced.right)
  }
  const named = own.find((fact) => fact.type === 'ObjectNamed')
  return E.right({
    organisation: named === undefined ? undefined : { id: named.objectId, name: named.name },
    kinds,
    changed: [...ownChanged, ...kinds.flatMap(({ changed }) => changed)],
    problems,
  })
}

/** Nothing else will be answered either. */
const concernsAll = ({ tag }: GenesysFailure): boolean =>
  tag === 'CredentialsRefused' || tag === 'NotAvailable' || tag === 'Aborted'

const syncKind = async (
  subject: Subject,
  options: SyncOptions,
  problems: string[],
): Promise<E.Either<GenesysFailure, SyncedKind>> => {
  const { client, known, now, signal } = options
  const { kind, what, path } = subject
  const entities = new Map<string, Entity>()
  let isWhole = true
  for (const query of subject.queries) {
    const listing = await listAll(client, { path, query }, signal)
    if (E.isLeft(listing)) return listing
    for (const entity of listing.right.entities) entities.set(entity.id, entity)
    isWhole &&= listing.right.isWhole
  }
  const changed: Configured[] = []
  for (const entity of entities.values()) {
    const fact = readWith(subject, entity, { effectiveAt: undefined, now }, problems)
    if (fact === undefined) continue
    changed.push(...changeTo(fact, known, now), ...backAgain(kind, entity.id, fact, known, now))
  }
  const missing = [...known.present(kind)].filter(([id]) => !entities.has(id))
  if (missing.length > 0 && !isWhole)
    problems.push(`${what} changed while they were listed: whether ${missing.length} are gone is looked at next time`)
  const gone = isWhole ? await goneOf(subject, missing, entities.size, options, problems) : E.right([])
  if (E.isLeft(gone)) return gone
  return E.right({ kind, what, listed: entities.size, changed: [...changed, ...gone.right], gone: gone.right.length })
}

/** Asks for each object that is missing in a whole list by its id. */
const goneOf = async (
  { kind, what, path }: Subject,
  missing: readonly (readonly [string, readonly Configured[]])[],
  listed: number,
  { client, acceptRemovals, now, signal }: SyncOptions,
  problems: string[],
): Promise<E.Either<GenesysFailure, readonly ObjectNamed[]>> => {
  const known = missing.length + listed
  if (!acceptRemovals && missing.length > Math.max(MISSING_MAX, known * MISSING_SHARE_MAX)) {
    problems.push(
      `${missing.length} of ${known} ${what} are missing from what Genesys lists, and none is recorded as gone: a client whose role sees fewer divisions than before looks like this. If they were deleted: streamvane genesys sync --accept-removals`,
    )
    return E.right([])
  }
  const gone: ObjectNamed[] = []
  for (const [objectId, settings] of missing) {
    const answer = await client.call({ method: 'GET', path: `${path}/${encodeURIComponent(objectId)}` }, signal)
    if (E.isRight(answer) && !isDeleted(answer.right.json)) {
      problems.push(`${what}: ${objectId} is not listed although it exists`)
      continue
    }
    if (E.isLeft(answer) && answer.left.tag !== 'NotFound') {
      if (concernsAll(answer.left)) return answer
      problems.push(`${what}: whether ${objectId} is gone cannot be told: ${genesysFailureText(answer.left)}`)
      continue
    }
    const fact: ObjectNamed = { type: 'ObjectNamed', kind, objectId, at: now, name: lastName(settings), gone: true }
    gone.push(newSetting(fact, settings) as ObjectNamed)
  }
  return E.right(gone)
}

const isDeleted = (json: unknown): boolean => isObject(json) && json['state'] === 'deleted'

/** Queues and presences are listed with their settings: that one is there again is said beside them. */
const backAgain = (
  kind: NamedKind,
  objectId: string,
  fact: Configured,
  known: KnownConfiguration,
  now: number,
): readonly Configured[] => {
  if (fact.type === 'ObjectNamed') return []
  const settings = known.about(fact)
  if (settings.findLast((other) => other.type === 'ObjectNamed')?.gone !== true) return []
  const name = 'name' in fact ? fact.name : null
  return [newSetting({ type: 'ObjectNamed', kind, objectId, at: now, name, gone: false }, settings)]
}

/**
 * The setting that makes the log say what Genesys says now; none where it does already. It is in force from when the
 * object was modified; where the log has a newer setting of another content, from now on.
 */
const changeTo = (fact: Configured, known: KnownConfiguration, now: number): readonly Configured[] => {
  if (known.isErased(fact)) return []
  const settings = known.about(fact)
  const before = inForceAt(
    settings.filter(({ type }) => type === fact.type),
    now,
  )
  if (before !== undefined && saysTheSame(before, fact)) return []
  const at = Math.min(fact.at, now) // a clock of Genesys that is ahead of ours
  return [newSetting({ ...fact, at: before === undefined || at > before.at ? at : now }, settings)]
}

const settingsFact = (settings: NonNullable<SyncOptions['organisationSettings']>, at: number): OrgSettingsChanged => {
  const {
    includeFlowOuts = null,
    includeShortAbandons = null,
    includeAbandons = null,
    shortAbandonMs = null,
  } = settings
  return { type: 'OrgSettingsChanged', at, includeFlowOuts, includeShortAbandons, includeAbandons, shortAbandonMs }
}

const readEntity = (kind: NamedKind, json: unknown, times: Times, problems: string[]): ObjectNamed | undefined => {
  try {
    return namedObject(kind, isObject(json) ? json : {}, times)
  } catch (cause) {
    if (!(cause instanceof BadField)) throw cause
    problems.push(`${kind}: ${cause.message}`)
    return undefined
  }
}

const readWith = (subject: Subject, entity: Entity, times: Times, problems: string[]): Configured | undefined => {
  try {
    return subject.read(entity, times)
  } catch (cause) {
    if (!(cause instanceof BadField)) throw cause
    const name = typeof entity['name'] === 'string' ? `${printable(entity['name'].slice(0, 80))}, ` : ''
    problems.push(`${subject.what}: ${name}${printable(entity.id.slice(0, 80))}: ${cause.message}`)
    return undefined
  }
}
