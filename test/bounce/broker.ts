import { findRuntime, startKafka } from '../../dev/local-kafka/runtime.mjs'
import { startKafkaContainer } from '../support/kafka-container.js'

/** A broker that belongs to this test alone. */
export type OwnBroker = Readonly<{
  brokers: readonly string[]
  kill9: () => Promise<void>
  restart: () => Promise<void>
  stop: () => Promise<void>
}>

/** Never an external one: those are not ours to kill. Throws an Error that says what is missing. */
export const startOwnBroker = async (log: (line: string) => void): Promise<OwnBroker> => {
  const runtime = await findRuntime({ ...process.env, KAFKA_BROKERS: '' })
  switch (runtime.kind) {
    case 'docker':
      return startKafkaContainer()
    case 'maven':
      return startKafka({ log })
    default:
      throw new Error(`a broker of its own is needed: ${runtime.why}`)
  }
}
