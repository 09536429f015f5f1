import * as E from 'fp-ts/lib/Either.js'
import type { TopicRecords } from '../cluster.js'
import { deadLetterTopicOf, kafkaDefaults } from '../options.js'
import type { Connected, SinkContext } from '../sink-context.js'
import type { SinkFailure } from '../../sink.js'
import { badRowOf, badRowText, deadLetterOf, withoutValue, type BadRow } from './dead-letter.js'
import { sendPiecemeal, type RefusedRecord } from './piecemeal.js'

/**
 * Sends what a transaction holds piecemeal. Rows that are refused alone go to the dead-letter topic in the same
 * transaction, or are the reason to stop, as configured.
 */
export const sendAround = async (
  context: SinkContext,
  { producer, readiness }: Pick<Connected, 'producer' | 'readiness'>,
  sends: readonly (readonly TopicRecords[])[],
): Promise<E.Either<SinkFailure, readonly BadRow[]>> => {
  const { options, progressTopic, transactionalId } = context
  const refused: RefusedRecord[] = []
  for (const send of sends) refused.push(...(await sendPiecemeal(producer, send)))
  const bad = refused.map(badRowOf)
  const [first] = bad
  if (first === undefined) return E.right([])
  if ((options.onBadRow ?? kafkaDefaults.onBadRow) === 'stop' || first.topic === progressTopic)
    return E.left({ tag: 'Refused', reason: stopText(first) })
  const topic = options.deadLetterTopic ?? deadLetterTopicOf(progressTopic)
  const target = { topic, partitionOf: readiness.partitionOf, connector: transactionalId }
  const whole = await sendPiecemeal(producer, [{ topic, messages: refused.map((each) => deadLetterOf(each, target)) }])
  const bare = await sendPiecemeal(producer, [{ topic, messages: whole.map(({ message }) => withoutValue(message)) }])
  const [neither] = bare.map(badRowOf)
  return neither === undefined ? E.right(bad) : E.left({ tag: 'Refused', reason: stopText(neither) })
}

const stopText = (row: BadRow): string =>
  `${badRowText(row)}. ${remedies[row.error] ?? ''}, or set egress.kafka.onBadRow: dead-letter, and go on without the row ` +
  `(it stays in the log; \`streamvane topics apply\` creates the topic)`

const remedies: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: "Raise the topic's max.message.bytes",
  RECORD_LIST_TOO_LARGE: "Raise the topic's segment.bytes",
  INVALID_RECORD: "Mend what the broker demands of records (a schema validation, the topic's message format)",
}
