import { bodies, eventBridge } from '../ingress/envelopes.js'

/**
 * Lines of one answer of each of `count` agents, all in one queue and interval (10:00 on 5 January 2026): the queue's
 * row changes with every event.
 */
export const answers = (count: number, from = 0, more: Readonly<Record<string, unknown>> = {}): readonly string[] => {
  const { template, id, body } = bodies.metrics
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify(
      eventBridge(template, id, {
        ...body,
        userId: `agent-${from + index}`,
        recordId: `record-${from + index}`,
        ...more,
      }),
    ),
  )
}
