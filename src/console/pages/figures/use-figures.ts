import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { useConsole } from '../../frame/console.js'
import { followFigures, nothingYet, type Followed, type WantedFigures } from './follow-figures.js'

export type ReadFigures = Followed & Readonly<{ reload: () => void }>

/** Figures, read as they come and kept current. `wanted` undefined: it is not known yet what to read. */
export const useFigures = (wanted: WantedFigures | undefined): ReadFigures => {
  const console = useConsole()
  const [followed, setFollowed] = useState(nothingYet)
  const [turn, setTurn] = useState(0)
  const key = JSON.stringify(wanted)
  const latest = useRef(wanted)
  latest.current = wanted
  useEffect(() => {
    setFollowed(nothingYet)
    if (latest.current !== undefined) return followFigures(console, latest.current, setFollowed)
    return undefined
  }, [console, key, turn])
  return { ...followed, reload: useCallback(() => setTurn((before) => before + 1), []) }
}
