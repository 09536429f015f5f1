import type { DecidedLetter } from './listing.js'

/**
 * A dead letter as a CloudEvent (JSON format 1.0) with its bytes in `data_base64`: the ingress and `import` unwrap that
 * form, so an export can be taken in anywhere, and has the identity of its first delivery.
 */
export const exportedLetter = ({ id, part, note, raw, state, decision }: DecidedLetter, tenant: string): object => {
  const { reason, detail, stage, origin, topic, receivedAt } = note
  return {
    specversion: '1.0',
    type: 'streamvane.dead-letter.v1',
    ...{ id, source: `/streamvane/${tenant}/deadletter`, time: receivedAt },
    ...{ reason, detail, stage, origin, ...(topic !== undefined && { topic }), part, state },
    ...(decision !== undefined && { decision }),
    data_base64: Buffer.from(raw).toString('base64'),
  }
}
