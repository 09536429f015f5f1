import type { NamedKind, ObjectNamed, OrgSettingsChanged, PresenceDefined, QueueConfigured } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import {
  optionalName,
  BadField,
  durationMs,
  flag,
  isObject,
  isoInstant,
  object,
  observation,
  optionalText,
  text,
  type Body,
} from './fields.js'
import { mediaTypeOfSettings, systemPresence, upperSnake } from './spelling.js'

/** What can be imported, each with the instant from which it is in force. */
export type Setting = QueueConfigured | OrgSettingsChanged | PresenceDefined

/** `effectiveAt` overrides the dates in an object; `now` is for objects without a date. */
export type Times = Readonly<{ effectiveAt: EpochMs | undefined; now: EpochMs }>

/** `problems` are sentences that name the object. */
export type Settings = Readonly<{ settings: readonly Setting[]; problems: readonly string[] }>

/**
 * The member that holds organisation settings. Genesys has no query for them, so their format is our own
 * (docs/configuration.md).
 */
const ORGANISATION = 'organisationSettings'

/**
 * Reads configuration as the API returns it: a page of queues or of presence definitions (`entities`), a single queue
 * or definition, an array of any of these; and organisation settings in our own format. Reports all problems, not
 * just the first.
 */
export const readSettings = (json: unknown, times: Times): Settings => {
  const settings: Setting[] = []
  const problems: string[] = []
  const visit = (value: unknown, name: string): void => {
    if (Array.isArray(value)) return value.forEach((item, i) => visit(item, `${name}[${i}]`))
    if (!isObject(value)) return void problems.push(`${name} is no object`)
    if (Array.isArray(value['entities'])) return visit(value['entities'], `${name}.entities`)
    try {
      settings.push(settingOf(value, times))
    } catch (cause) {
      if (!(cause instanceof BadField)) throw cause
      problems.push(`${named(value, name)}: ${cause.message}`)
    }
  }
  visit(json, 'document')
  return { settings, problems }
}

const named = (value: Body, name: string): string => {
  const id = [value['name'], value['id']].find((each) => typeof each === 'string' && each !== '')
  return typeof id === 'string' ? `${name} (${id.slice(0, 80)})` : name
}

const settingOf = (value: Body, times: Times): Setting => {
  if (value[ORGANISATION] !== undefined) return organisation(object(value, ORGANISATION), times)
  if (value['systemPresence'] !== undefined) return presenceDefined(value, times)
  if (value['mediaSettings'] !== undefined || value['acwSettings'] !== undefined) return queueConfigured(value, times)
  throw new BadField(
    `it is neither a queue (mediaSettings, acwSettings) nor a presence definition (systemPresence), nor does it hold ${ORGANISATION}`,
  )
}

const effective = (value: Body, { effectiveAt, now }: Times): EpochMs => {
  if (effectiveAt !== undefined) return effectiveAt
  const name = ['dateModified', 'modifiedDate', 'dateCreated', 'createdDate'].find((each) => isThere(value, each))
  return name === undefined ? now : isoInstant(value, name)
}

const isThere = (value: Body, name: string): boolean => value[name] !== undefined && value[name] !== null

/** Settings of a queue as the API returns it. Throws `BadField`. */
export const queueConfigured = (value: Body, times: Times): QueueConfigured => ({
  type: 'QueueConfigured',
  queueId: text(value, 'id'),
  at: effective(value, times),
  name: optionalName(value, 'name'),
  serviceLevel: isThere(value, 'mediaSettings') ? serviceLevels(object(value, 'mediaSettings')) : {},
  acw: isThere(value, 'acwSettings') ? afterCallWork(object(value, 'acwSettings')) : null,
  ...(isThere(value, 'mediaSettings') ? callbackMode(object(value, 'mediaSettings')) : {}),
})

/** Empty for a mode that is unknown here: it does not tell which metrics the queue's callbacks have. */
const callbackMode = (media: Body): Pick<QueueConfigured, 'callbackMode'> => {
  const mode = isThere(media, 'callback') ? object(media, 'callback')['mode'] : undefined
  return mode === 'AgentFirst' || mode === 'CustomerFirst' ? { callbackMode: mode } : {}
}

const serviceLevels = (media: Body): QueueConfigured['serviceLevel'] => {
  const levels: Record<string, QueueConfigured['serviceLevel'][string]> = {}
  // Sorted, so that the same settings have the same bytes.
  for (const name of Object.keys(media).sort()) {
    if (!isThere(media, name)) continue
    const settings = object(media, name)
    if (!isThere(settings, 'serviceLevel')) continue
    const level = object(settings, 'serviceLevel')
    if (!isThere(level, 'durationMs'))
      throw new BadField(`mediaSettings.${name}.serviceLevel.durationMs is missing; expected whole milliseconds`)
    levels[mediaTypeOfSettings(name)] = {
      durationMs: durationMs(level, 'durationMs'),
      target: isThere(level, 'percentage') ? share(level, 'percentage') : null,
    }
  }
  return levels
}

const share = (value: Body, name: string): number => {
  const number = observation(value, name)
  if (number >= 0 && number <= 1) return number
  throw new BadField(`${name} is ${number}; expected a share from 0 to 1, as Genesys has it`)
}

const afterCallWork = (settings: Body): QueueConfigured['acw'] => ({
  prompt: upperSnake(optionalText(settings, 'wrapupPrompt') ?? 'UNKNOWN'),
  timeoutMs: isThere(settings, 'timeoutMs') ? durationMs(settings, 'timeoutMs') : null,
})

/** A presence definition as the API returns it. Throws `BadField`. */
export const presenceDefined = (value: Body, times: Times): PresenceDefined => ({
  type: 'PresenceDefined',
  presenceId: text(value, 'id'),
  at: effective(value, times),
  systemPresence: systemPresence(text(value, 'systemPresence')),
  name: label(value) ?? optionalName(value, 'name'),
  deactivated: ['deactivated', 'disabled'].some((name) => isThere(value, name) && flag(value, name)),
})

/** The English label, or else that of the first language. */
const label = (value: Body): string | null => {
  if (!isThere(value, 'languageLabels')) return null
  const labels = object(value, 'languageLabels')
  const language = ['en_US', 'en', ...Object.keys(labels).sort()].find((each) => isThere(labels, each))
  return language === undefined ? null : optionalText(labels, language)
}

/**
 * The name of a user, skill, language, wrap-up code, division or organisation as the API returns it. Deleted users and
 * skills are listed with their state. Throws `BadField`.
 */
export const namedObject = (kind: NamedKind, value: Body, times: Times): ObjectNamed => ({
  type: 'ObjectNamed',
  kind,
  objectId: text(value, 'id'),
  at: effective(value, times),
  name: optionalName(value, 'name'),
  gone: value['state'] === 'deleted',
})

const organisationMembers = [
  'includeFlowOuts',
  'includeShortAbandons',
  'includeAbandons',
  'shortAbandonMs',
  'dateModified',
]

const organisation = (value: Body, times: Times): OrgSettingsChanged => {
  const unknown = Object.keys(value).find((name) => !organisationMembers.includes(name))
  if (unknown !== undefined)
    throw new BadField(`${ORGANISATION}.${unknown} is not known; there are ${organisationMembers.join(', ')}`)
  const option = (name: string): boolean | null => (isThere(value, name) ? flag(value, name) : null)
  return {
    type: 'OrgSettingsChanged',
    at: effective(value, times),
    includeFlowOuts: option('includeFlowOuts'),
    includeShortAbandons: option('includeShortAbandons'),
    includeAbandons: option('includeAbandons'),
    shortAbandonMs: isThere(value, 'shortAbandonMs') ? durationMs(value, 'shortAbandonMs') : null,
  }
}
