import { useCallback, useState } from 'react';

/** A function that has the component throw in its next render: that is how an error reaches the nearest error boundary. */
export function useThrow(): (error: unknown) => void {
  const [, set] = useState<never>();
  return useCallback((error: unknown) => {
    set(() => {
      throw error;
    });
  }, []);
}
