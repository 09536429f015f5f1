import type { Either, Left, Right } from 'fp-ts/lib/Either.js'

/**
 * The `Either` of fp-ts, made and asked without it. What every command loads imports this file: to import fp-ts itself,
 * Node reads eleven CommonJS files and looks for their exports, which is a tenth of the start of a short command.
 */
export type { Either }

export const left = <E = never, A = never>(left: E): Either<E, A> => ({ _tag: 'Left', left })
export const right = <E = never, A = never>(right: A): Either<E, A> => ({ _tag: 'Right', right })
export const isLeft = <E>(either: Either<E, unknown>): either is Left<E> => either._tag === 'Left'
export const isRight = <A>(either: Either<unknown, A>): either is Right<A> => either._tag === 'Right'
