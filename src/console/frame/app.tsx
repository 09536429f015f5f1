import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { ProblemBox } from '../components/problem-box.js'
import { ConsoleContext, type Console } from './console.js'
import { Shell } from './shell.js'
import { SignIn } from './session/sign-in.js'
import { useStore } from './store.js'

export const App = ({ console }: Readonly<{ console: Console }>): JSX.Element => {
  useEffect(() => void console.begin(), [console])
  return (
    <ConsoleContext.Provider value={console}>
      <BySession console={console} />
    </ConsoleContext.Provider>
  )
}

const BySession = ({ console }: Readonly<{ console: Console }>): JSX.Element => {
  const session = useStore(console.session)
  switch (session.kind) {
    case 'asking':
      return (
        <main class="sign-in">
          <p class="quiet loading">Signing in …</p>
        </main>
      )
    case 'away':
      return (
        <main class="sign-in">
          <h1>Streamvane</h1>
          <ProblemBox failure={session.failure} onRetry={() => void console.begin()} />
        </main>
      )
    case 'nobody':
      return <SignIn because={session.because} />
    case 'somebody':
      return <Shell />
  }
}
