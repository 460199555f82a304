/*
 * Trees from text, and the operations on whole trees. Recursion is bounded by the depth of the
 * trees, which the scanner limits to JSON_DEPTH_LIMIT. Nothing here uses cJSON's look-ups that
 * ignore case, its comparison that forgives small differences, or its printing.
 */
#include "json/document.h"

#include <stdio.h>
#include <string.h>

cJSON *json_parse(const char *text, size_t length, json_fault *fault)
{
    if (!json_scan(text, length, fault)) {
        return NULL;
    }
    cJSON *document = cJSON_ParseWithLength(text, length);
    return document != NULL ? document : json_lacks_memory(fault);
}

cJSON *json_lacks_memory(json_fault *fault)
{
    if (fault != NULL) {
        *fault = (json_fault){.out_of_memory = true};
        (void)snprintf(fault->message, sizeof fault->message,
                       "there is not enough memory for this document");
    }
    return NULL;
}

cJSON *json_copy(const cJSON *value)
{
    return cJSON_Duplicate(value, true);
}

static size_t count_children(const cJSON *value)
{
    size_t count = 0;
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        count++;
    }
    return count;
}

static bool equal_arrays(const cJSON *a, const cJSON *b)
{
    const cJSON *left = a->child;
    const cJSON *right = b->child;
    while (left != NULL && right != NULL) {
        if (!json_equal(left, right)) {
            return false;
        }
        left = left->next;
        right = right->next;
    }
    return left == NULL && right == NULL;
}

static bool equal_objects(const cJSON *a, const cJSON *b)
{
    if (count_children(a) != count_children(b)) {
        return false;
    }
    const cJSON *next = b->child;
    for (const cJSON *left = a->child; left != NULL; left = left->next) {
        const cJSON *right = next;
        if (right == NULL || strcmp(left->string, right->string) != 0) {
            right = cJSON_GetObjectItemCaseSensitive(b, left->string);
        }
        if (right == NULL || !json_equal(left, right)) {
            return false;
        }
        next = right->next;
    }
    return true;
}

bool json_equal(const cJSON *a, const cJSON *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if ((a->type & 0xFF) != (b->type & 0xFF)) {
        return false;
    }
    if (cJSON_IsNumber(a)) {
        return a->valuedouble == b->valuedouble;
    }
    if (cJSON_IsString(a)) {
        return strcmp(a->valuestring, b->valuestring) == 0;
    }
    if (cJSON_IsArray(a)) {
        return equal_arrays(a, b);
    }
    return !cJSON_IsObject(a) || equal_objects(a, b);
}

static bool patch_object(cJSON *target, const cJSON *patch);

/* The value a patch makes out of nothing: a copy, without the nulls that would remove members. */
static cJSON *value_of_patch(const cJSON *patch)
{
    if (!cJSON_IsObject(patch)) {
        return json_copy(patch);
    }
    cJSON *value = cJSON_CreateObject();
    if (value != NULL && !patch_object(value, patch)) {
        cJSON_Delete(value);
        return NULL;
    }
    return value;
}

/* Among the first `count` members only: those are the ones there were before the patch, and as a
 * patch has no name twice, a member it added is never looked for. */
static cJSON *find_member(cJSON *object, size_t count, const char *name)
{
    cJSON *member = object->child;
    for (size_t i = 0; i < count; i++, member = member->next) {
        if (strcmp(member->string, name) == 0) {
            return member;
        }
    }
    return NULL;
}

/* Puts `value` where `member` stands, under the same name. */
static bool replace_member(cJSON *object, cJSON *member, cJSON *value)
{
    if (value == NULL) {
        return false;
    }
    if (value->string == NULL) {
        value->string = member->string;
        value->type |= member->type & cJSON_StringIsConst;
        member->string = NULL;
    }
    if (!cJSON_ReplaceItemViaPointer(object, member, value)) {
        cJSON_Delete(value);
        return false;
    }
    return true;
}

static bool append_member(cJSON *object, const char *name, cJSON *value)
{
    if (value == NULL) {
        return false;
    }
    if (!cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        return false;
    }
    return true;
}

static bool patch_object(cJSON *target, const cJSON *patch)
{
    size_t before = count_children(target);

    for (const cJSON *change = patch->child; change != NULL; change = change->next) {
        cJSON *member = find_member(target, before, change->string);
        bool done = true;
        if (cJSON_IsNull(change)) {
            if (member != NULL) {
                cJSON_Delete(cJSON_DetachItemViaPointer(target, member));
                before--;
            }
        } else if (member == NULL) {
            done = append_member(target, change->string, value_of_patch(change));
        } else if (cJSON_IsObject(change) && cJSON_IsObject(member)) {
            done = patch_object(member, change);
        } else {
            done = replace_member(target, member, value_of_patch(change));
        }
        if (!done) {
            return false;
        }
    }
    return true;
}

cJSON *json_merge_patch(cJSON *target, const cJSON *patch)
{
    if (!cJSON_IsObject(patch) || !cJSON_IsObject(target)) {
        cJSON_Delete(target);
        return value_of_patch(patch);
    }
    if (!patch_object(target, patch)) {
        cJSON_Delete(target);
        return NULL;
    }
    return target;
}
