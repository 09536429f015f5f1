import { DAY_MS, type EpochMs } from '../../domain/interval.js'
import { mediaTypes, type MediaType } from './media.js'
import type { ResolvedOptions } from './options.js'
import type { Queue, Roster } from './roster.js'

/** Service-level settings of a queue, in force from `from` on: durations in ms by media type, and the share that is to be answered within. */
export type QueueSettings = Readonly<{ from: EpochMs; serviceLevelMs: Readonly<Record<MediaType, number>>; target: number }>

/** The settings of a queue over time. They had been made a month before; the first queue's change half-way if that is asked for. */
export const settingsOf = (options: ResolvedOptions, queueIndex: number): readonly QueueSettings[] => {
  const { fromMs, endMs, serviceLevelMs, reconfigure } = options
  const first: QueueSettings = { from: Math.max(0, fromMs - 30 * DAY_MS), serviceLevelMs, target: 0.8 }
  if (!reconfigure || queueIndex !== 0) return [first]
  const quicker = Object.fromEntries(mediaTypes.map((media) => [media, Math.max(1_000, Math.round(serviceLevelMs[media] / 4))]))
  // Not on the edge of an interval: settings change when somebody changes them.
  const from = Math.floor(fromMs + (endMs - fromMs) / 2) + 451_007
  return [first, { from, serviceLevelMs: quicker as Record<MediaType, number>, target: 0.9 }]
}

/** The service-level duration in force at an instant, ms. */
export const serviceLevelMsAt = (queue: Queue, mediaType: MediaType, at: EpochMs): number => inForceAt(queue, at).serviceLevelMs[mediaType]

const inForceAt = (queue: Queue, at: EpochMs): QueueSettings => {
  const inForce = queue.settings.findLast(({ from }) => from <= at) ?? queue.settings[0]
  if (inForce === undefined) throw new Error(`queue ${queue.id} has no settings`)
  return inForce
}

/** The answers of `GET /api/v2/routing/queues`, one for each time at which they changed: the first as at the beginning. */
export const queueAnswers = ({ queues, agents }: Roster): readonly object[] => {
  const times = [...new Set(queues.flatMap(({ settings }) => settings.map(({ from }) => from)))].sort((a, b) => a - b)
  return times.map((at) => ({
    entities: queues.map((queue, index) =>
      queueEntity(queue, at, agents.filter(({ queueIndexes }) => queueIndexes.includes(index)).length),
    ),
    pageSize: queues.length,
    pageNumber: 1,
    total: queues.length,
    pageCount: 1,
  }))
}

/** What the settings are called for each media type there. */
const settingName: Readonly<Record<MediaType, string>> = {
  voice: 'call',
  callback: 'callback',
  chat: 'chat',
  email: 'email',
  message: 'message',
}

const queueEntity = (queue: Queue, at: EpochMs, memberCount: number): object => {
  const settings = inForceAt(queue, at)
  const mediaSettings = mediaTypes.map((media): readonly [string, object] => [
    settingName[media],
    {
      alertingTimeoutSeconds: queue.alertingTimeoutMs / 1_000,
      serviceLevel: { percentage: settings.target, durationMs: settings.serviceLevelMs[media] },
      ...(media === 'callback' ? { mode: queue.callbackMode } : {}),
    },
  ])
  return {
    id: queue.id,
    name: queue.name,
    division: { id: queue.divisionId },
    dateModified: new Date(settings.from).toISOString(),
    mediaSettings: Object.fromEntries<object>(mediaSettings),
    acwSettings: { wrapupPrompt: queue.acw.prompt, ...(queue.acw.timeoutMs === null ? {} : { timeoutMs: queue.acw.timeoutMs }) },
    skillEvaluationMethod: 'BEST',
    memberCount,
    userMemberCount: memberCount,
    joinedMemberCount: memberCount,
    selfUri: `/api/v2/routing/queues/${queue.id}`,
  }
}
