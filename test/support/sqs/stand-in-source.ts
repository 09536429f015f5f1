import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import type { SqsOptions } from '../../../src/ingress/sqs/options.js'
import { sqsSource } from '../../../src/ingress/sqs/sqs-source.js'
import type { Source } from '../../../src/ingress/source.js'
import { standInSqs, type StandInSqs } from './server.js'

export type StandInSource = Readonly<{ sqs: StandInSqs; source: Source }>

/** A stand-in of SQS with a queue `events`, closed with the test, and a source that reads it. */
export const standInSource = async (options: Partial<SqsOptions> = {}): Promise<StandInSource> => {
  const sqs = await standInSqs(['events'])
  onTestFinished(() => sqs.close())
  return { sqs, source: sourceAt(sqs, options) }
}

/** A source that reads `events` of a stand-in. */
export const sourceAt = (sqs: StandInSqs, options: Partial<SqsOptions> = {}): Source =>
  sqsSource({
    name: 'queue',
    queueUrl: sqs.queueUrl('events'),
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDSTANDIN', secretAccessKey: Secret.literal('a-secret-of-the-stand-in') },
    pollers: 1,
    waitSeconds: 5,
    visibilitySeconds: 30,
    logger: pino({ level: 'silent' }),
    backoff: { firstMs: 10, maxMs: 40 },
    ...options,
  })
