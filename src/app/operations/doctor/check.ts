import type { Logger } from 'pino'
import type { Config } from '../../config/schema.js'
import type { Logs } from '../../pipeline/logs/logs.js'

export const areas = [
  ...(['configuration', 'secrets', 'log', 'eventstoredb', 'clock', 'facts', 'snapshots', 'index', 'disk'] as const),
  ...(['lag', 'broker', 'registry', 'destinations', 'sources', 'feeds', 'genesys', 'certificates'] as const),
] as const
export type Area = (typeof areas)[number]

/** One thing that was looked at. `mend`: the command or setting that mends it. */
export type Check = Readonly<{
  area: Area
  what: string
  state: 'ok' | 'warning' | 'failure'
  says: string
  mend?: string
}>

/** What the checks of an area work with. */
export type Patient = Readonly<{ config: Config; logs: Logs; logger: Logger; version: string; now: () => number }>

export const ok = (area: Area, what: string, says: string): Check => ({ area, what, state: 'ok', says })

export const warning = (area: Area, what: string, says: string, mend?: string): Check => ({
  ...{ area, what, state: 'warning', says },
  ...(mend !== undefined && { mend }),
})

export const failure = (area: Area, what: string, says: string, mend?: string): Check => ({
  ...{ area, what, state: 'failure', says },
  ...(mend !== undefined && { mend }),
})

/** How long something lasts, in its largest unit. */
export const lasting = (ms: number): string => {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return `${minutes} min`
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`
}

const MIB = 1024 ** 2

export const sized = (bytes: number): string =>
  bytes < 1024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / (1024 * MIB)).toFixed(1)} GiB`
