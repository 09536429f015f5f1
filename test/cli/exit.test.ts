import { expect, test } from 'vitest'
import { EXIT, exitCodeOf, wordsOf } from '../../src/cli/exit.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { LogUnavailable } from '../../src/log/event-log.js'

test.each([
  [
    { tag: 'NotAvailable', cause: new LogUnavailable('EventStoreDB: connect ECONNREFUSED') } as const,
    'EventStoreDB: connect ECONNREFUSED',
  ],
  [{ tag: 'Refused', reason: 'the log is closed' } as const, 'the log is closed'],
  [{ tag: 'WrongExpectedRevision', stream: 't.clock', expected: 0, actual: 3 } as const, 't.clock is at revision 3'],
])(
  'a batch that the log does not take (%j) is told in a line, with the reason, which whoever sends is not told',
  (failure, reason) => {
    const cause = new NotIngested(failure)
    expect(exitCodeOf(cause)).toBe(EXIT.failed)
    expect(wordsOf(cause)).toBe(`${cause.message}: ${reason}`)
    expect(cause.message).not.toContain(reason)
    expect(cause.retryable).toBe(failure.tag === 'NotAvailable')
  },
)
