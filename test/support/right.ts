import * as E from 'fp-ts/lib/Either.js'

/** The right side; a left one or none at all fails the test. */
export const right = <A>(either: E.Either<unknown, A> | undefined): A => {
  if (either === undefined || E.isLeft(either)) throw new Error(`unexpected failure: ${JSON.stringify(either?.left)}`)
  return either.right
}
