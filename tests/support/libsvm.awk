# libsvm.awk: a LIBSVM file of rows drawn from a seed, the same for every awk.
#
#   awk -v rows=100000 -v features=1000000 -v entries=30 -v seed=1 -f tests/support/libsvm.awk > made.libsvm
#
# Indices are spread as words are in texts: index i comes with a probability of about 1/i. A third of the features have a
# hidden weight between -2 and 2, the others none; the label is the sign of the row's sum of weight × value. The last
# feature has an entry in the last row, so that the file is as wide as asked for.

function draw() { # 0 < draw() < 1 (S. K. Park and K. W. Miller, 1988)
    state = (state * 16807) % 2147483647
    return state / 2147483647
}

function weight(index_) {
    h = (index_ * 7919 + 12345) % 65521
    h = (h * 31321 + 6925) % 65521
    return h % 3 == 0 ? 4 * (h / 65521) - 2 : 0
}

BEGIN {
    state = seed * 2654435 % 2147483646 + 1
    for (i = 0; i < 10; i++)
        draw()
    scale = log(features)
    for (row = 0; row < rows; row++) {
        total = 0 # exponential distances, so that the indices come in ascending order
        for (i = 0; i <= entries; i++)
            total += far[i] = -log(draw())
        sum = at = last = 0
        line = ""
        for (i = 0; i < entries; i++) {
            at += far[i]
            index_ = int(exp(scale * at / total))
            if (index_ <= last || index_ >= features)
                continue
            last = index_
            value = int(1 + 999 * draw()) / 1000
            line = line " " index_ ":" value
            sum += weight(index_) * value
        }
        if (row == rows - 1)
            line = line " " features ":1"
        print (sum > 0 ? "+1" : "-1") line
    }
}
