import { DAY_MS, type EpochMs } from '../../src/domain/interval.js'
import type { Zone } from '../../src/domain/zone.js'

const from = Date.UTC(2020, 0, 1)
const through = Date.UTC(2030, 0, 1)

const formats = new Map<string, Intl.DateTimeFormat>()

/** Local time at an instant as `2026-03-29T00:00:00`, by Intl and nothing of ours. */
export const wallClock = (zone: string, at: EpochMs): string => {
  let format = formats.get(zone)
  if (format === undefined) {
    // Swedish writes dates as ISO 8601 does.
    const fields = {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    } as const
    formats.set(zone, (format = new Intl.DateTimeFormat('sv-SE', { ...fields, timeZone: zone, hourCycle: 'h23' })))
  }
  return format.format(at).replace(' ', 'T')
}

const offsetByIntl = (zone: string, at: EpochMs): number =>
  Date.parse(`${wallClock(zone, at)}Z`) - Math.floor(at / 1000) * 1000

/** The table of a zone for 2020 to 2029. No zone changes its clocks twice within a day. */
export const tableOf = (name: string): Zone => {
  const offsets: [EpochMs, number][] = [[from, offsetByIntl(name, from)]]
  for (let at = from; at < through; at += DAY_MS) {
    const last = offsets.at(-1)?.[1]
    const next = offsetByIntl(name, at + DAY_MS)
    if (next === last) continue
    let before = at
    let after = at + DAY_MS
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (offsetByIntl(name, middle) === last) before = middle
      else after = middle
    }
    offsets.push([after, next])
  }
  return { name, offsets }
}

/** An instant of local time that there is only once: `2026-03-29T12:00`. */
export const local = ({ name, offsets }: Zone, time: string): EpochMs => {
  const asUtc = Date.parse(`${time}Z`)
  const found = offsets.map(([, offsetMs]) => asUtc - offsetMs).find((at) => wallClock(name, at).startsWith(time))
  if (found === undefined) throw new Error(`there is no ${time} in ${name}`)
  return found
}
