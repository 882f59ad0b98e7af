import { type ComponentPropsWithRef, useState } from 'react'
import { classNames } from './class-names.ts'
import { useHydrated } from './use-hydrated.ts'

/** A password field that can show what was typed; the button lies inside the field, so its arrival moves nothing. */
export function PasswordInput({ className, ...input }: ComponentPropsWithRef<'input'>) {
  const [shown, setShown] = useState(false)
  const hydrated = useHydrated()
  return (
    <div className="relative">
      <input {...input} className={classNames('input', 'pr-18', className)} type={shown ? 'text' : 'password'} />
      {hydrated ? (
        <button
          type="button"
          className="reveal-password"
          aria-label="Show password"
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? 'Hide' : 'Show'}
        </button>
      ) : null}
    </div>
  )
}
