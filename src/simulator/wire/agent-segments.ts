import type { EpochMs } from '../../domain/interval.js'
import type { Publish } from '../delivery/delivery.js'
import type { Observer } from '../happening.js'
import type { AgentLeg } from '../conversations/leg.js'

/**
 * Reports the segments of agents' sessions as `v2.detail.events.agent.{id}.state`: each at its beginning, and the end
 * of the last.
 */
export const agentSegments = (publish: Publish): Observer => {
  const tell = (at: EpochMs, leg: AgentLeg, currentState: string): void => {
    const { conversation, agent, queue, entry } = leg
    const body = {
      conversationId: conversation.id,
      sessionId: leg.sessionId,
      sessionStart: leg.startedAt,
      currentState,
      currentStateStart: at,
      userId: agent.id,
      ...(queue === null ? {} : { queueId: queue.id }),
      originatingDirection: conversation.originatingDirection.toUpperCase(),
      mediaType: leg.mediaType.toUpperCase(),
      ...(entry === null || entry.languageId === null ? {} : { requestedLanguageId: entry.languageId }),
      ...(entry === null || entry.skillIds.length === 0 ? {} : { requestedSkillIds: entry.skillIds }),
    }
    publish(at, 'v2.detail.events.agent.{id}.state', agent.id, JSON.stringify(body))
  }
  return (happening) => {
    if (happening.kind === 'SegmentBegan') tell(happening.at, happening.leg, happening.segment)
    else if ((happening.kind === 'AgentLegClosed' && !happening.acwFollows) || happening.kind === 'AcwCompleted')
      tell(happening.at, happening.leg, 'TERMINATED')
  }
}
