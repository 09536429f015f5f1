import { DAY_MS, type EpochMs } from '../../../domain/interval.js'
import { editDistance } from '../../../domain/near-names.js'
import { utc, type Zone } from '../../../domain/zone.js'

/** An unknown time zone. The message suggests near names. */
export class UnknownZone extends Error {
  override readonly name = 'UnknownZone'
}

/** Clock changes are searched for in this range. Outside it the zone keeps its first or last offset. */
const FROM = Date.UTC(2015, 0, 1)
const TO = Date.UTC(2046, 0, 1)
/** No zone has changed its clocks twice within this time. */
const STEP_MS = 7 * DAY_MS

const known = new Map<string, Zone>()

/**
 * The zone of this name in the IANA database of this runtime, with its offsets from 2015 to 2045. Throws `UnknownZone`.
 */
export const zoneOf = (name: string): Zone => {
  // Not every runtime lists UTC.
  if (name.toUpperCase() === utc.name) return utc
  const spelled = Intl.supportedValuesOf('timeZone').find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
  let zone = known.get(spelled)
  if (zone === undefined) known.set(spelled, (zone = { name: spelled, offsets: offsetsOf(offsetReader(spelled)) }))
  return zone
}

type Offset = (at: EpochMs) => number

const offsetsOf = (offset: Offset): Zone['offsets'] => {
  let current = offset(FROM)
  const offsets: (readonly [from: EpochMs, offsetMs: number])[] = [[0, current]]
  for (let at = FROM; at < TO; at += STEP_MS) {
    const next = offset(at + STEP_MS)
    if (next === current) continue
    offsets.push([changeBetween(offset, at, at + STEP_MS, current), next])
    current = next
  }
  return offsets
}

/**
 * The first second with another offset than `current`, which is in force at `from` and not at `to`. Clocks change at
 * whole seconds.
 */
const changeBetween = (offset: Offset, from: EpochMs, to: EpochMs, current: number): EpochMs => {
  let [before, after] = [from / 1_000, to / 1_000]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offset(middle * 1_000) === current) before = middle
    else after = middle
  }
  return after * 1_000
}

const GMT = /GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/

const offsetReader = (name: string): Offset => {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', year: 'numeric' })
  } catch (cause) {
    if (cause instanceof RangeError) throw new UnknownZone(unknown(name))
    throw cause
  }
  return (at) => {
    const text = format.format(at)
    const [matched, sign = '+', hours = '0', minutes = '0', seconds = '0'] = GMT.exec(text) ?? []
    if (matched === undefined) throw new Error(`the offset of ${name} is said as ${text}, which is not understood`)
    const offsetS = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
    return (sign === '-' ? -offsetS : offsetS) * 1_000
  }
}

const unknown = (name: string): string => {
  const close = closeTo(name)
  return `${JSON.stringify(name)} is not a time zone; write it as the IANA database does, ${close.length === 0 ? 'as in Europe/Berlin or America/New_York' : `did you mean ${close.join(' or ')}?`}`
}

const SUGGESTIONS_MAX = 3

/** Zones with the same or nearly the same city or name. */
const closeTo = (name: string): readonly string[] => {
  const wanted = name.trim().toLowerCase().replaceAll(' ', '_')
  const city = wanted.slice(wanted.lastIndexOf('/') + 1)
  if (city.length < 3) return []
  return Intl.supportedValuesOf('timeZone')
    .map((zone) => {
      const lower = zone.toLowerCase()
      const itsCity = lower.slice(lower.lastIndexOf('/') + 1)
      return { zone, distance: Math.min(editDistance(lower, wanted), editDistance(itsCity, city)) }
    })
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ zone }) => zone)
}
