import * as E from 'fp-ts/lib/Either.js'
import type { Accepted, PushedFile, PushFailure, Receiver } from '../../src/egress/push/receiver.js'

export type RecordedReceiver = Receiver &
  Readonly<{
    /** Files as they were sent, accepted or not. */
    sent: readonly PushedFile[]
    accepted: readonly PushedFile[]
    /** What it answers to the next files, in order; afterwards it accepts. `throws`: it dies before it answers. */
    answers: (PushFailure | 'throws')[]
  }>

/** A receiver in memory that answers as it is told. */
export const recordedReceiver = (): RecordedReceiver => {
  const [sent, accepted]: [PushedFile[], PushedFile[]] = [[], []]
  const answers: (PushFailure | 'throws')[] = []
  return {
    ...{ place: 'memory', sent, accepted, answers },
    deliver: (file) => async (): Promise<E.Either<PushFailure, Accepted>> => {
      sent.push(file)
      const answer = answers.shift()
      if (answer === 'throws') throw new Error('killed')
      if (answer !== undefined) return E.left(answer)
      accepted.push(file)
      return E.right({ status: '200' })
    },
  }
}
