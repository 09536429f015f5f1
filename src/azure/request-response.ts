import { randomUUID } from 'node:crypto'
import type { EventContext, Message } from 'rhea'
import { asError, type AmqpConnection } from './amqp-connection.js'
import { openReceiver, openSender } from './open-link.js'

/** Asks a node of the broker (`$cbs`, `<entity>/$management`), one message for each question. */
export type RequestResponse = Readonly<{ ask: (message: Omit<Message, 'message_id'>) => Promise<Message> }>

const ANSWER_MAX_MS = 30_000

/**
 * Opens a pair of links to a node, one for questions and one for answers, which name the question by its id
 * (learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response).
 */
export const openRequestResponse = async (connection: AmqpConnection, node: string): Promise<RequestResponse> => {
  const replyTo = `streamvane-${randomUUID()}`
  const waiting = new Map<string, Readonly<{ resolve: (answer: Message) => void; reject: (cause: unknown) => void }>>()
  const onMessage = ({ message }: EventContext): void => {
    const id = String(message?.correlation_id)
    if (message !== undefined) waiting.get(id)?.resolve(message)
  }
  const [requests, answers] = await Promise.all([
    openSender(connection, { target: { address: node }, source: { address: replyTo } }),
    openReceiver(connection, { source: { address: node }, target: { address: replyTo } }, onMessage),
  ])
  void Promise.race([requests.lost, answers.lost]).then((cause) => {
    for (const { reject } of waiting.values()) reject(asError(cause))
  })
  return {
    ask: async (message) => {
      const id = randomUUID()
      const answer = new Promise<Message>((resolve, reject) => waiting.set(id, { resolve, reject }))
      const timeout = setTimeout(
        () => waiting.get(id)?.reject(new Error(`${node} does not answer within ${ANSWER_MAX_MS / 1_000} s`)),
        ANSWER_MAX_MS,
      )
      requests.link.send({ ...message, message_id: id, reply_to: replyTo })
      try {
        return await answer
      } finally {
        clearTimeout(timeout)
        waiting.delete(id)
      }
    },
  }
}
