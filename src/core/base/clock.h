/* A clock for progress and for how often to ask, not for dates. */
#ifndef LMR_CORE_CLOCK_H
#define LMR_CORE_CLOCK_H

/* Seconds since some moment; never set back. */
double lmr_seconds(void);

#endif
