import type { SaslSettings } from '../../../src/egress/kafka/auth/sasl.js'
import type { TlsSettings } from '../../../src/credentials/tls.js'
import { kafkaAddress } from '../../../src/egress/kafka/connection.js'
import { planTopics, TopicsFailed, TopicsRefused } from '../../../src/egress/kafka/topic-admin.js'

/**
 * Connects to a listener, asks which topics are there and says how that ended: `connected`, `refused: …` (exit code 4)
 * or `failed: …` (tried again by the egress).
 */
export const attempt = async (
  broker: string,
  settings: Readonly<{ tls?: TlsSettings; sasl?: SaslSettings }>,
): Promise<string> => {
  try {
    await planTopics(kafkaAddress({ brokers: [broker], retries: 1, ...settings }))
    return 'connected'
  } catch (cause) {
    if (cause instanceof TopicsRefused) return `refused: ${cause.message}`
    if (cause instanceof TopicsFailed) return `failed: ${cause.message}`
    throw cause
  }
}
