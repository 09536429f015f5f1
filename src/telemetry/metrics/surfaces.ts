import type { Surface } from '../catalogue.js'

/** The beginnings of topics, or of types of events, and their surface. */
const BEGINNINGS: readonly (readonly [beginning: string, surface: Surface])[] = [
  ['v2.analytics.', 'metric-records'],
  ['v2.detail.events.conversation.', 'detail-events'],
  ['v2.detail.events.agent.', 'agent-states'],
  ['v2.users.', 'agent-states'],
  ['v2.routing.', 'configuration'],
  ['v2.audits.', 'configuration'],
  ['conversation-detail', 'conversation-details'],
  ['user-detail', 'user-details'],
]

/** The surface of a raw event, by its type in the log or the name of its topic. */
export const surfaceOf = (topic: string | undefined): Surface => {
  if (topic === undefined) return 'other'
  const known = BEGINNINGS.find(([beginning]) => topic.startsWith(beginning))
  return known?.[1] ?? 'other'
}
