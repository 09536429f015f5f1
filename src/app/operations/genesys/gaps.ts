import { genesysStream } from '../../../domain/stream-name.js'
import type { EpochMs } from '../../../domain/interval.js'
import { joinedGaps, type Gap } from '../../../genesys/notifications/liveness.js'
import { contentId } from '../../../log/content-id.js'
import type { EventLog } from '../../../log/event-log.js'
import type { LiveRecord } from '../../../ingress/genesys/notification-source.js'
import type { SourceLogs } from '../../sources/source-logs.js'
import { appendRecords } from '../acceptance/append-records.js'
import { ifThere } from '../../../log/if-there.js'

/** What the log holds of the life of a source of notifications. Instants are epoch milliseconds. */
type Noted =
  | Readonly<{ type: 'NotificationsLive'; source: string; through: EpochMs }>
  | Readonly<{ type: 'GapFound'; source: string; from: EpochMs; to: EpochMs; why: string; at: EpochMs }>
  | Readonly<{ type: 'GapFilled'; from: EpochMs; to: EpochMs; stored: number; at: EpochMs }>

const types: ReadonlySet<string> = new Set(['NotificationsLive', 'GapFound', 'GapFilled'])

const append = (logs: Pick<SourceLogs, 'changingControl'>, tenant: string, { type, ...body }: Noted): Promise<void> => {
  const data = Buffer.from(JSON.stringify(body))
  const event = { id: contentId(type, tenant, data.toString('utf8')), type, data, metadata: Buffer.from('{}') }
  return logs.changingControl((control) => appendRecords(control, genesysStream(tenant), [event]))
}

const noted = (type: string, data: Uint8Array): Noted | undefined =>
  types.has(type) ? ({ type, ...(JSON.parse(Buffer.from(data).toString('utf8')) as object) } as Noted) : undefined

/** Keeps the life of a source in the control part of the log. */
export const liveRecord = (
  logs: Pick<SourceLogs, 'control' | 'changingControl'>,
  tenant: string,
  source: string,
  now: () => EpochMs,
): LiveRecord => ({
  lastLive: async () => {
    const control = await ifThere(() => logs.control('reader'))
    if (control === undefined) return null
    for await (const batch of control.readStream(genesysStream(tenant), { backwards: true, batchMax: 64 }))
      for (const { type, data } of batch) {
        const said = noted(type, data)
        if (said?.type === 'NotificationsLive' && said.source === source) return said.through
      }
    return null
  },
  noteLive: (through) => append(logs, tenant, { type: 'NotificationsLive', source, through }),
  noteGap: ({ from, to }, why) => append(logs, tenant, { type: 'GapFound', source, from, to, why, at: now() }),
})

/** A gap, when it was found, and when it was filled; null: it is open. */
export type KnownGap = Gap & Readonly<{ foundAt: EpochMs; filledAt: EpochMs | null }>

/** All gaps in the log, those that meet as one, in order of time. */
export const readGaps = async (control: EventLog | undefined, tenant: string): Promise<readonly KnownGap[]> => {
  const found: (Gap & Readonly<{ at: EpochMs }>)[] = []
  const filled: (Gap & Readonly<{ at: EpochMs }>)[] = []
  if (control !== undefined)
    for await (const batch of control.readStream(genesysStream(tenant)))
      for (const { type, data } of batch) {
        const said = noted(type, data)
        if (said?.type === 'GapFound') found.push(said)
        if (said?.type === 'GapFilled') filled.push(said)
      }
  const filling = (gap: Gap & Readonly<{ at: EpochMs }>): EpochMs | null =>
    filled.find(({ from, to, at }) => from <= gap.from && gap.to <= to && gap.at <= at)?.at ?? null
  const states = found.map((gap) => ({ ...gap, filledAt: filling(gap) }))
  const joined = (isFilled: boolean): readonly KnownGap[] => {
    const some = states.filter(({ filledAt }) => (filledAt !== null) === isFilled)
    return joinedGaps(some).map((gap) => {
      const within = some.filter(({ from, to }) => gap.from <= from && to <= gap.to)
      const filledAt = isFilled ? Math.max(...within.map((each) => each.filledAt ?? 0)) : null
      return { ...gap, foundAt: Math.min(...within.map(({ at }) => at)), filledAt }
    })
  }
  return [...joined(true), ...joined(false)].sort((a, b) => a.from - b.from)
}

export const noteFilled = (
  logs: Pick<SourceLogs, 'changingControl'>,
  tenant: string,
  { from, to }: Gap,
  stored: number,
  at: EpochMs,
): Promise<void> => append(logs, tenant, { type: 'GapFilled', from, to, stored, at })

/** `gap detected since …, filled`, for health and the log of the process. */
export const gapText = ({ from, to, filledAt }: KnownGap): string =>
  `gap detected since ${iso(from)} (until ${iso(to)}), ${filledAt === null ? 'not filled yet' : 'filled'}`

const iso = (at: EpochMs): string => new Date(at).toISOString()
