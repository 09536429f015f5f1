import { describeRabbitmq } from '../support/rabbitmq/broker.js'
import { readMessages, type MessageReader, type Read } from '../support/rabbitmq/message-reader.js'
import { sinkUnderFire, type ArrivedRow } from '../support/sink-under-fire.js'

const arrivedRow = ({ id, headers, body }: Read): ArrivedRow => ({
  generation: String(headers['streamvane-generation']),
  key: String(headers['ce_subject']),
  revision: Number(headers['streamvane-row-revision']),
  identity: id,
  value: body,
})

describeRabbitmq('a RabbitMQ sink under fire', (broker) => {
  sinkUnderFire('rows in a quorum queue', async () => {
    const exchange = 'fired'
    const queue = { name: 'fired-all', type: 'quorum' }
    let reader: MessageReader | undefined
    return {
      sink: {
        use: 'rabbitmq',
        brokers: [`127.0.0.1:${broker().port}`],
        username: 'guest',
        password: { env: 'RABBITMQ_PASSWORD' },
        exchange,
        declareExchange: true,
        queues: [queue],
      },
      env: { RABBITMQ_PASSWORD: 'guest' },
      promises: 'at-least-once',
      values: 'json',
      arrived: async () => {
        reader = await readMessages(broker().url, exchange, queue.name, { 'x-queue-type': queue.type })
        return (await reader.all()).map(arrivedRow)
      },
      crash: async () => {
        await broker().kill()
        await broker().start()
      },
      finally: async () => reader?.close(),
    }
  })
})
