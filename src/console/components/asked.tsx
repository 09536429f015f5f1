import type { ComponentChildren, JSX } from 'preact'
import type { Asked } from '../frame/asking/use-answer.js'
import { ProblemBox } from './problem-box.js'

type Props<T> = Readonly<{ asked: Asked<T>; what: string; children: (value: T) => ComponentChildren }>

/** Shows what was asked for: that it is being read, why it cannot be, or (also beside a failure) what it is. */
export const Shown = <T,>({ asked: { value, failure, isLoading, reload }, what, children }: Props<T>): JSX.Element => (
  <>
    {failure !== undefined && <ProblemBox failure={failure} onRetry={reload} />}
    {value === undefined && isLoading && <p class="quiet loading">Reading {what} …</p>}
    {value !== undefined && children(value)}
  </>
)
