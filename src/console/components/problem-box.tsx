import type { JSX } from 'preact'
import { failureText, type Failure } from '../frame/asking/answers.js'

type Props = Readonly<{ failure: Failure; onRetry?: () => void }>

/** A failure as a person can act on it: what is wrong, which parts of the input, and how to try again. */
export const ProblemBox = ({ failure, onRetry }: Props): JSX.Element => {
  const { title, detail, parts } = failureText(failure)
  // Where there are parts the detail is the same in one line.
  const isToldByParts = parts.length > 1
  return (
    <div class="problem" role="alert">
      <p class="problem-title">{title}</p>
      {!isToldByParts && detail !== '' && <p>{detail}</p>}
      {isToldByParts && (
        <ul>
          {parts.map((part) => (
            <li key={part}>{part}</li>
          ))}
        </ul>
      )}
      {onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
