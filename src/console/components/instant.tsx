import type { JSX } from 'preact'
import { useZone } from '../frame/console.js'
import { ago, epochOf, instant } from '../format/instant.js'
import { NONE } from '../format/number.js'

type Props = Readonly<{
  at: string | number | null | undefined
  /** Says how long ago it was, renewed by `now`. */ now?: number
}>

/** An instant in the chosen zone. */
export const Instant = ({ at, now }: Props): JSX.Element => {
  const zone = useZone()
  const ms = epochOf(at)
  if (ms === undefined) return <span>{NONE}</span>
  const full = `${instant(ms, zone)} ${zone}`
  return (
    <time dateTime={new Date(ms).toISOString()} title={full}>
      {now === undefined ? instant(ms, zone) : ago(ms, now)}
    </time>
  )
}
