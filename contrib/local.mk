# Checks that read the tree; scripts for people.
TESTS += contrib/check-layers.py contrib/check-style.py contrib/check-headers.sh
EXTRA_DIST += \
	contrib/check contrib/check-headers.sh contrib/check-layers.py contrib/check-style.py \
	contrib/debian-packages contrib/layers contrib/long-functions contrib/quickstart contrib/setup
