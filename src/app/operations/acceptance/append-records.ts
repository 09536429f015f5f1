import * as E from 'fp-ts/lib/Either.js'
import { appendsWithinLimit } from '../../../log/append-batches.js'
import { LogUnavailable, type EventLog, type NewEvent } from '../../../log/event-log.js'

/** Appends records in their order. Throws `LogUnavailable` where the log does not take them. */
export const appendRecords = async (control: EventLog, stream: string, events: readonly NewEvent[]): Promise<void> => {
  for (const append of appendsWithinLimit(stream, events)) {
    const [answer] = await control.append([append])
    if (answer === undefined || E.isLeft(answer))
      throw new LogUnavailable(`the stream ${stream} of the log cannot be written (${answer?.left.tag ?? 'no answer'})`)
  }
}
