import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { join } from 'node:path'
import { pointDimensions } from '../../../domain/dimensions.js'
import type { EpochMs } from '../../../domain/interval.js'
import { isMetricName, metricGroup, metricKind, metricNames } from '../../../domain/metric.js'
import type { PointSource, Profile } from '../../../domain/profile.js'
import { readSettings, type Setting } from '../../../ingress/decode/configuration-objects.js'
import { shortDimensions, type Given, type ShortDimension } from './format.js'
import { unknownKey, type Problems } from './read-strictly.js'
import { instantIn, numberOf } from './values.js'
import { durationOf } from '../../config/profile/profile-path.js'

/** What is put into the log, in this order: raw events, settings, or a tick of the clock. */
export type Step =
  | Readonly<{ kind: 'events'; place: string; raws: readonly Uint8Array[] }>
  | Readonly<{ kind: 'settings'; settings: readonly Setting[] }>
  | Readonly<{ kind: 'tick'; at: EpochMs }>

/** What is said of a file that content from elsewhere refers to. */
export const NO_FILES = 'no file is read here: write its content in its place'

type Reading = Readonly<{
  profile: Profile
  /** Where files are looked for; without it none is read. */
  folder: string | undefined
  problem: Problems
}>

/** Makes of something given what Genesys would have sent; `undefined` if it is wrong, which is told. */
export const stepOf = (given: Given, place: string, reading: Reading): Step | undefined => {
  const { problem, profile } = reading
  const at = (text: string): EpochMs => {
    const instant = instantIn(text)
    if (instant === undefined) problem(place, `${text} is not an instant with its zone, such as 2026-01-05T08:00:00Z`)
    return instant ?? NaN
  }
  const one = (body: object): Step => ({ kind: 'events', place, raws: [Buffer.from(JSON.stringify(body))] })
  const from = (points: PointSource, what: string): void => {
    if (profile.points !== points)
      problem(place, `${what} states no point for a profile with points: ${profile.points}; it is for ${points}`)
  }
  if ('metric' in given) {
    from('metric-records', 'a metric')
    return metricRecords(given, at(given.at), place, problem)
  }
  if ('event' in given) {
    from('detail-events', 'a detail event')
    return one(detailEvent(given, at(given.at), place))
  }
  if ('routingStatus' in given)
    return one(
      notification(`v2.users.${given.agent}.routingStatus`, {
        id: given.agent,
        routingStatus: { status: given.routingStatus, startTime: iso(at(given.at)) },
      }),
    )
  if ('presence' in given)
    return one(
      notification(`v2.users.${given.agent}.presence`, {
        ...{ source: 'PURECLOUD', primary: true, modifiedDate: iso(at(given.at)) },
        presenceDefinition: { id: given.definition, systemPresence: given.presence },
      }),
    )
  if ('settings' in given) {
    const effectiveAt = given.at === undefined ? LONG_AGO : at(given.at)
    const { settings, problems } = readSettings(given.settings, { effectiveAt, now: 0 })
    for (const message of problems) problem(place, message)
    return { kind: 'settings', settings }
  }
  if ('raw' in given) return one(given.raw)
  if ('file' in given) return fileOf(given.file, place, reading)
  return { kind: 'tick', at: at(given.tick) }
}

/** Before everything that is given, and an instant that the log takes. */
const LONG_AGO = Date.UTC(2001, 0)

const iso = (at: EpochMs): string => (Number.isNaN(at) ? '' : new Date(at).toISOString())

const notification = (topicName: string, eventBody: object): object => ({ topicName, version: '2', eventBody })

type GivenMetric = Extract<Given, { metric: string }>

/** Ids in topics are letters, digits and -. */
const idOf = (place: string): string => place.replace(/[^A-Za-z0-9]+/g, '-')

const metricRecords = (given: GivenMetric, at: EpochMs, place: string, problem: Problems): Step | undefined => {
  const { metric, times = 1 } = given
  if (!isMetricName(metric)) {
    problem(place, unknownKey(metric, metricNames))
    return undefined
  }
  if (['state', 'occupancy'].includes(metricGroup(metric)) || metricGroup(metric) === 'query-time') {
    problem(
      place,
      metricGroup(metric) === 'query-time'
        ? `${metric} is worked out for the row; give the metrics it is made of`
        : `${metric} is a time in a state; give the states: { agent: …, routingStatus: IDLE, at: … }`,
    )
    return undefined
  }
  const value = given.value === undefined ? 1 : numberOf(given.value)
  if (value === undefined) problem(place, `value ${given.value} is neither a number nor a time such as 12s`)
  if (given.value === undefined && metricKind(metric) !== 'count') problem(place, `${metric} needs a value`)
  const isFlow = metricGroup(metric) === 'flow'
  if (isFlow && given.flow === undefined) problem(place, `${metric} is of a flow: give flow`)
  const raws = Array.from({ length: times }, (_, index) => {
    const conversationId = given.conversation ?? `${idOf(place)}-${index}`
    const body = {
      ...{ metric, metricDate: iso(at), value, recordId: `${place} ${index}`, conversationId },
      ...{ sessionId: given.session ?? conversationId, mediaType: 'voice' },
      ...wireDimensions(given),
    }
    const topic = isFlow
      ? `v2.analytics.flow.${given.flow}.metrics`
      : `v2.analytics.conversation.${conversationId}.metrics`
    return Buffer.from(JSON.stringify(notification(topic, body)))
  })
  return { kind: 'events', place, raws }
}

/** The dimensions by the names of metric records. */
const wireDimensions = (given: GivenMetric): object => {
  const fields: Record<string, unknown> = {}
  for (const [short, name] of Object.entries(shortDimensions) as [ShortDimension, string][]) {
    const value = given[short]
    const info = pointDimensions.find((each) => each.name === name)
    if (value === undefined || info === undefined) continue
    fields[info.wireField] = info.many === true && typeof value === 'string' ? [value] : value
  }
  return fields
}

type GivenEvent = Extract<Given, { event: string }>

const detailEvent = (given: GivenEvent, at: EpochMs, place: string): object => {
  const { event, queue, agent, media = 'voice', direction = 'inbound', body = {} } = given
  const conversationId = given.conversation ?? idOf(place)
  // Start and end of a queue entry, of an agent's session with its after-call work, are of one session each.
  const party = event === 'acw' || event.startsWith('user.') ? `user-${agent ?? ''}` : (event.split('.')[0] ?? event)
  const sessionId = given.session ?? `${conversationId}-${party}`
  return notification(`v2.detail.events.conversation.${conversationId}.${event}`, {
    ...{ eventTime: at, conversationId, participantId: sessionId, sessionId },
    ...{ mediaType: media.toUpperCase(), direction: direction.toUpperCase() },
    ...(queue === undefined ? {} : { queueId: queue }),
    ...(agent === undefined ? {} : { [event === 'acd.end' ? 'answeredUserId' : 'userId']: agent }),
    ...Object.fromEntries(
      Object.entries(body).map(([name, value]) => [
        name,
        name.endsWith('Ms') && typeof value === 'string' ? (durationOf(value) ?? value) : value,
      ]),
    ),
  })
}

/** Files are small here; they are read whole. */
const fileOf = (file: string, place: string, { folder, problem }: Reading): Step | undefined => {
  if (folder === undefined) {
    problem(place, NO_FILES)
    return undefined
  }
  const path = join(folder, file)
  try {
    const bytes = readFileSync(path)
    const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8').trim()
    // One document, or an array of them; or one a line.
    const whole = parsed(text)
    const documents =
      whole === undefined ? text.split('\n').map((line) => line.trim()) : Array.isArray(whole) ? whole : [whole]
    const raws = documents.flatMap((each: unknown) =>
      each === '' ? [] : [Buffer.from(typeof each === 'string' ? each : JSON.stringify(each))],
    )
    return { kind: 'events', place, raws }
  } catch (cause) {
    problem(place, `cannot read ${path}: ${(cause as Error).message}`)
    return undefined
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
