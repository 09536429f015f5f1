import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import type { SqsOptions } from './options.js'

/** A message of the queue, hidden from others until it is deleted or its time is over. */
export type SqsMessage = Readonly<{ body: string; receiptHandle: string; sentAt: number | undefined }>

/** The queue at AWS. All methods reject with the errors of the SDK, which has tried three times where that may help. */
export type SqsQueue = Readonly<{
  /** How many messages wait. */
  waiting: () => Promise<number>
  receive: (signal: AbortSignal) => Promise<readonly SqsMessage[]>
  /** Deletes messages; those that could not be deleted come again. Returns how many these are. */
  remove: (messages: readonly SqsMessage[]) => Promise<number>
  /** Hides messages for so long from now on; 0: gives them back. */
  hide: (messages: readonly SqsMessage[], seconds: number) => Promise<void>
  close: () => void
}>

/** Of a batch, by SQS. */
const BATCH_MAX = 10
const DELETE_ATTEMPTS = 3
const CONNECT_MAX_MS = 5_000
/** A response may be this much later than the request waits for messages. */
const ANSWER_MAX_MS = 15_000

/** Opens a client; credentials are read now, so that a client that is opened anew takes what was rotated. */
export const openSqsQueue = (options: SqsOptions): SqsQueue => {
  const { queueUrl: QueueUrl, region, waitSeconds, visibilitySeconds } = options
  const client = new SQSClient({
    region,
    endpoint: new URL(QueueUrl).origin,
    ...credentialsOf(options),
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_MAX_MS,
      requestTimeout: waitSeconds * 1_000 + ANSWER_MAX_MS,
      throwOnRequestTimeout: true,
    },
  })
  const entries = (messages: readonly SqsMessage[]) =>
    messages.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }))
  return {
    waiting: async () => {
      const name = 'ApproximateNumberOfMessages'
      const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }))
      return Number(Attributes?.[name] ?? 0)
    },
    receive: async (signal) => {
      const command = new ReceiveMessageCommand({
        ...{ QueueUrl, MaxNumberOfMessages: BATCH_MAX },
        ...{ WaitTimeSeconds: waitSeconds, VisibilityTimeout: visibilitySeconds },
        MessageSystemAttributeNames: ['SentTimestamp'],
      })
      const { Messages = [] } = await client.send(command, { abortSignal: signal })
      return Messages.map(messageOf)
    },
    remove: async (messages) => {
      let left = messages
      for (let attempt = 0; left.length > 0 && attempt < DELETE_ATTEMPTS; attempt++) {
        const { Failed = [] } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: entries(left) }))
        const failed = new Set(Failed.map(({ Id }) => Id))
        left = left.filter((_, index) => failed.has(String(index)))
      }
      return left.length
    },
    hide: async (messages, seconds) => {
      const Entries = entries(messages).map((entry) => ({ ...entry, VisibilityTimeout: seconds }))
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }))
    },
    close: () => client.destroy(),
  }
}

const credentialsOf = ({ credentials }: SqsOptions) => {
  if (credentials === undefined) return {}
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const token = sessionToken?.read()
  return {
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.read(),
      ...(token !== undefined && { sessionToken: token }),
    },
  }
}

const messageOf = ({ Body = '', ReceiptHandle = '', Attributes }: Message): SqsMessage => {
  const sentAt = Number(Attributes?.SentTimestamp)
  return { body: Body, receiptHandle: ReceiptHandle, sentAt: Number.isFinite(sentAt) ? sentAt : undefined }
}
