import type { EpochMs } from '../../domain/interval.js'
import { mediaTypes, type MediaType } from '../roster/media.js'
import { inForceAt } from '../roster/queue-settings.js'
import type { Queue, Roster } from '../roster/roster.js'

/** Responses of `GET /api/v2/routing/queues`: the first with the initial settings, and one after each change. */
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

/** Keys of media settings, by media type. */
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
    acwSettings: {
      wrapupPrompt: queue.acw.prompt,
      ...(queue.acw.timeoutMs === null ? {} : { timeoutMs: queue.acw.timeoutMs }),
    },
    skillEvaluationMethod: 'BEST',
    memberCount,
    userMemberCount: memberCount,
    joinedMemberCount: memberCount,
    selfUri: `/api/v2/routing/queues/${queue.id}`,
  }
}
