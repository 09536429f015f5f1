import { createHash, randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signatureFault, type AwsError, type SigningKey } from './signature.js'
import { StandInQueue } from './sqs-queue.js'

export type StandInSqs = Readonly<{
  port: number
  queueUrl: (name: string) => string
  queue: (name: string) => StandInQueue
  /** Secrets by the id of their access key; a test replaces them to rotate. */
  keys: Map<string, SigningKey>
  /** How much the clock of AWS is ahead of this machine's, in ms. */
  clock: { skewMs: number }
  /** The next so many requests are refused. */
  refuse: (error: AwsError, times: number) => void
  /** Operations by their name, in their order, and those that were refused. */
  asked: string[]
  refusedWith: string[]
  /** Resolves at the next request. */
  asking: () => Promise<void>
  dropConnections: () => void
  close: () => Promise<void>
}>

type Fields = Readonly<Record<string, unknown>>
type Entry = Readonly<{ Id: string; ReceiptHandle: string; VisibilityTimeout?: number }>

/**
 * Stands in for Amazon SQS: the JSON protocol over HTTP, with signatures that are checked, long polling, and batches of
 * which entries may fail. Written from docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference and
 * …/SQSDeveloperGuide/sqs-making-api-requests-json.html.
 */
export const standInSqs = async (names: readonly string[], port = 0, maxReceives = Infinity): Promise<StandInSqs> => {
  const queues = new Map(names.map((name) => [name, new StandInQueue(maxReceives)]))
  const keys = new Map<string, SigningKey>([['AKIDSTANDIN', { secret: 'a-secret-of-the-stand-in' }]])
  const clock = { skewMs: 0 }
  const asked: string[] = []
  const refusedWith: string[] = []
  const events = new EventEmitter()
  let refusal: Readonly<{ error: AwsError; left: number }> | undefined

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const operation = String(request.headers['x-amz-target']).replace('AmazonSQS.', '')
    asked.push(operation)
    const fields = JSON.parse(body.toString('utf8')) as Fields
    const queue = queues.get(String(fields['QueueUrl']).split('/').at(-1) ?? '')
    const error = refusalNow() ?? signatureFault(request, body, keys, Date.now() + clock.skewMs) ?? noQueue(queue)
    const date = new Date(Date.now() + clock.skewMs).toUTCString()
    const headers = { 'content-type': 'application/x-amz-json-1.0', date }
    if (error !== undefined) {
      refusedWith.push(error.type)
      response.writeHead(error.status ?? 400, headers)
      response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${error.type}`, message: error.message }))
    } else {
      const result = await operate(operation, fields, queue as StandInQueue, request)
      response.writeHead(200, headers)
      response.end(JSON.stringify(result))
    }
    events.emit('asked')
  }
  const refusalNow = (): AwsError | undefined => {
    if (refusal === undefined || refusal.left === 0) return undefined
    refusal = { ...refusal, left: refusal.left - 1 }
    return refusal.error
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void answer(request, response))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const { port: bound } = server.address() as AddressInfo
  return {
    port: bound,
    queueUrl: (name) => `http://127.0.0.1:${bound}/123456789012/${name}`,
    queue: (name) => queues.get(name) as StandInQueue,
    ...{ keys, clock, asked, refusedWith },
    refuse: (error, times) => (refusal = { error, left: times }),
    asking: async () => void (await once(events, 'asked')),
    dropConnections: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const noQueue = (queue: StandInQueue | undefined): AwsError | undefined =>
  queue === undefined ? { type: 'QueueDoesNotExist', message: 'The specified queue does not exist.' } : undefined

const operate = async (
  name: string,
  fields: Fields,
  queue: StandInQueue,
  request: IncomingMessage,
): Promise<object> => {
  const entries = (fields['Entries'] ?? []) as readonly Entry[]
  switch (name) {
    case 'GetQueueAttributes':
      return { Attributes: { ApproximateNumberOfMessages: String(queue.visible) } }
    case 'SendMessage': {
      const { MessageBody = '', MessageGroupId } = fields as Readonly<Record<string, string>>
      queue.send(MessageBody, MessageGroupId)
      return { MessageId: randomUUID(), MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') }
    }
    case 'ReceiveMessage':
      return receive(queue, fields as Readonly<Record<string, number>>, request)
    case 'DeleteMessageBatch':
      return outcome(entries, ({ ReceiptHandle }) => queue.remove(ReceiptHandle))
    case 'ChangeMessageVisibilityBatch':
      return outcome(entries, ({ ReceiptHandle, VisibilityTimeout = 0 }) =>
        queue.hide(ReceiptHandle, VisibilityTimeout * 1_000),
      )
    default:
      throw new Error(`the stand-in does not know ${name}`)
  }
}

/** Long polling: the answer waits until there is a message, for as long as the request says. */
const receive = async (
  queue: StandInQueue,
  { MaxNumberOfMessages = 1, WaitTimeSeconds = 0, VisibilityTimeout = 30 }: Readonly<Record<string, number>>,
  request: IncomingMessage,
): Promise<object> => {
  const until = Date.now() + WaitTimeSeconds * 1_000
  for (;;) {
    if (request.socket.destroyed) return {}
    const messages = queue.receive(MaxNumberOfMessages, VisibilityTimeout * 1_000)
    const leftMs = until - Date.now()
    if (messages.length > 0 || leftMs <= 0) return messages.length > 0 ? { Messages: messages } : {}
    const waitMs = Math.max(1, Math.min(leftMs, queue.nextVisibleAt - Date.now() + 1))
    let timer: NodeJS.Timeout | undefined
    const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, waitMs)))
    const over = new AbortController()
    const closed = once(request.socket, 'close', { signal: over.signal }).catch(() => undefined)
    await Promise.race([queue.changes(), passed, closed])
    over.abort()
    clearTimeout(timer)
  }
}

const outcome = (entries: readonly Entry[], act: (entry: Entry) => boolean): object => {
  const done = entries.map((entry) => ({ entry, isDone: act(entry) }))
  const failed = done.filter(({ isDone }) => !isDone)
  return {
    Successful: done.filter(({ isDone }) => isDone).map(({ entry }) => ({ Id: entry.Id })),
    ...(failed.length > 0 && {
      Failed: failed.map(({ entry }) => ({
        Id: entry.Id,
        SenderFault: false,
        Code: 'InternalError',
        Message: 'try again',
      })),
    }),
  }
}
