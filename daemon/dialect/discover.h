/* discover.h - finding packages: what pip installs, what lies in a folder or a virtualenv.
 *
 * The scanning methods that executables (new generation) and distributions (old) share.
 * Each returns a list of resource values, made with `policy`. */
#ifndef OX_DIALECT_DISCOVER_H
#define OX_DIALECT_DISCOVER_H

#include "daemon/dialect/distribution_value.h"

/* Who asks: the distribution that runs pip, the policy that resources get, and
 * whether an executable decides about their place later. */
struct ox_discovery {
	struct ox_dist_value *dist;
	ox_star_value policy;
	bool unplaced;
};

/* `lead`: an argument put before those of the script, or NULL. */
ox_star_value ox_discover_pip(struct ox_dialect *d, const struct ox_discovery *who, const char *lead,
			      ox_star_value args, ox_star_value extra_envs);
ox_star_value ox_discover_packages(struct ox_dialect *d, const struct ox_discovery *who, ox_star_value path,
				   ox_star_value packages);
ox_star_value ox_discover_virtualenv(struct ox_dialect *d, const struct ox_discovery *who, ox_star_value path);

/* Their parameters. */
extern const struct ox_star_param ox_pip_params[], ox_package_root_params[], ox_virtualenv_params[];

#endif
